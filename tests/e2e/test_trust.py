"""What docs/trust.md claims about agents and other users, tried."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import SIDEKICK, Lab, alive, wait_for

SOMEBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
root = pytest.mark.skipif(os.getuid() != 0, reason="only root becomes somebody else")


def spying(lab: Lab) -> str:
    """A script that tries whatever an agent could be curious of."""
    return (
        f"tmux -S {lab.socket} ls >/dev/null && echo tmux; "
        f"cat {lab.root}/state/token >/dev/null && echo token; "
        f"ls {lab.root}/runs >/dev/null && echo runs; kill -0 $PPID && echo shim; "
        f"touch made && echo folder; ${{MY_KEY:+echo key}}; echo over; sleep 1000"
    )


def told(lab: Lab) -> set[str]:
    """What the spy could do."""
    wait_for("its last word", lambda: "over" in logged(lab))
    return {word for word in logged(lab) if word and " " not in word}


def logged(lab: Lab) -> list[str]:
    """The spy's output."""
    return lab.sidekick("logs", "Spy").stdout.splitlines()


@pytest.mark.slow
def test_an_agent_of_the_same_user(lab: Lab) -> None:
    """Nothing separates it, as the page says."""
    lab.settle_in(f'Spy,1,Pending,,,"{spying(lab)}",,,,')
    lab.start()
    assert told(lab) == {"tmux", "token", "runs", "shim", "folder", "over"}


@root
@pytest.mark.slow
def test_an_agent_of_another_user(lab: Lab) -> None:
    """It reaches its project's folder and its own key, and a stop ends it."""
    lab.root.chmod(0o755)
    secrets, work = lab.root / "agent.env", lab.root / "work"
    secrets.write_text("MY_KEY=x\n")
    secrets.chmod(0o600)
    work.mkdir()
    os.chown(work, 65534, 65534)
    agent = {"command": [*SOMEBODY, "sh", "-c", "{prompt}"], "secrets_file": str(secrets)}
    lab.settle_in(
        f'Spy,1,Pending,,,"{spying(lab)}",,,,', agents={"sh": agent}, projects={"Spy": str(work)}
    )
    lab.start()
    assert told(lab) == {"folder", "key", "over"}
    (pid,) = lab.agents().values()
    lab.edit("Spy", Status="Paused")
    lab.wait_reason("Spy", "UserPaused")
    assert not alive(pid)


@root
@pytest.mark.slow
def test_another_user_of_the_machine(lab: Lab) -> None:
    """They read the API, and nothing else of what is kept; they change nothing."""
    lab.root.chmod(0o755)
    lab.settle_in("Works,1,Pending,,,sleep 1000,,,,")
    lab.start()
    lab.wait_reason("Works", "Running")

    def may(*argv: str) -> bool:
        done = subprocess.run([*SOMEBODY, *argv], capture_output=True, timeout=20, check=False)
        return done.returncode == 0

    (pid,) = lab.agents().values()
    state = [path for path in (lab.root / "state").iterdir() if path.is_file()]
    for path in [*state, lab.root / "logs" / "sidekick.log"]:
        assert not may("cat", str(path))
    for folder in ("state", "logs", "runs"):
        assert not may("ls", str(lab.root / folder))
    assert not may("tmux", "-S", str(lab.socket), "ls")
    assert not may("kill", "-0", str(pid))
    assert not may("cat", f"/proc/{pid}/environ")
    assert not may("cat", f"/proc/{lab.controllers[-1].pid}/environ")
    page = Path(__file__).resolve().parents[2] / "docs" / "trust.md"
    assert "Every user of the machine reads it" in page.read_text(encoding="utf-8")
    fetch = "import sys; from urllib.request import *; urlopen(Request(sys.argv[1], None, {}, "
    fetch += "method=sys.argv[2]))"
    assert may("/usr/bin/python3", "-c", fetch, f"{lab.url()}/api/v1/projects", "GET")
    assert not may("/usr/bin/python3", "-c", fetch, f"{lab.url()}/api/v1/reconcile", "POST")


@root
def test_whose_folder_was_left_to_another_user(lab: Lab) -> None:
    """After one run with sudo each command says what is whose; the doctor looks at all else."""
    lab.settle_in("Works,1,Pending,,,sleep 1000,,,,")
    lab.start()
    lab.wait_reason("Works", "Running")
    lab.stop()
    lab.root.chmod(0o755)
    for place in (lab.root, *lab.root.glob("*"), *lab.root.glob("desired/*")):
        if place.name not in {"state", "logs", "runs", "homes"}:
            os.chown(place, 65534, 65534)

    def somebodys(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*SOMEBODY, SIDEKICK, *words], cwd=lab.root, env=lab.environment,
            capture_output=True, text=True, timeout=40, check=False,
        )  # fmt: skip

    for words in (("get",), ("status",), ("describe", "Works"), ("run", "--plain")):
        done = somebodys(*words)
        assert done.returncode == 2, words
        assert f"{lab.root}/state" in done.stderr or f"{lab.root}/runs" in done.stderr, words
        assert "belongs to root" in done.stderr, words
    done = somebodys("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "belongs to root" in done.stdout
    assert "runs as process" not in done.stdout
    assert "/usr/bin/sh" in done.stdout
