"""A mistake in config.yaml, or a change that waits for a restart, takes no command away."""

import json
import shutil
import stat
from collections.abc import Iterator

import pytest

from tests.e2e.lab import Lab, wait_for

SECRET = "sk-kept-nowhere-else"
AGENTS = {
    "sh": {
        "command": ["sh", "-c", "{prompt}"],
        "mode": "headless",
        "environment": {"KEY": SECRET},
    }
}


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A controller with one agent at work."""
    lab = Lab()
    try:
        lab.settle_in("One,1,,,,echo hello; sleep 600,,,,", agents=AGENTS)
        lab.start()
        lab.wait_status("One", "In Progress")
        wait_for("its words", lambda: "hello" in lab.sidekick("logs", "one").stdout)
        yield lab
    finally:
        lab.close()


def _break(lab: Lab, text: str) -> None:
    file = lab.root / "config.yaml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("text", [pytest.param("slts: 4\n", marks=pytest.mark.slow), "slots: [\n"])
def test_a_mistake_leaves_looks_and_stops(lab: Lab, text: str) -> None:
    """They go on by the controller's own settings, and tell the fault; what needs the file fails.

    A tick that was asked for says by its exit code that the settings were not read.
    """
    _break(lab, text)
    for words in (
        "status", "get", "describe one", "logs one", "events", "plan", "open",
        "wait one --for Running", "approve-prune",
    ):  # fmt: skip
        done = lab.sidekick(*words.split())
        assert (done.returncode, bool(done.stdout)) == (0, True), (words, done.stderr)
        assert f"{lab.root}/config.yaml:" in done.stderr, words
        assert "what the running controller goes by" in done.stderr, words
    done = lab.sidekick("reconcile")
    assert (done.returncode, "settings:" in done.stderr) == (1, True)
    for words in ("validate", "config show", "doctor", "run"):
        done = lab.sidekick(*words.split())
        assert done.returncode == 2, words
        assert "what counts is" not in done.stderr, words
    assert lab.sidekick("pause", "one").stdout == "project/One paused\n"
    lab.wait_status("One", "Paused")
    wait_for("its end", lambda: not lab.sessions())
    assert lab.sidekick("resume", "one").returncode == 0
    wait_for("its start", lab.sessions)
    assert lab.sidekick("stop", "--all").returncode == 0
    assert lab.sessions() == []


def test_settings_that_are_gone(lab: Lab) -> None:
    """They are those of the controller that reads them; elsewhere there are none."""
    (lab.root / "config.yaml").unlink()
    assert lab.sidekick("get", "-o", "name").stdout == "project/One\n"
    assert lab.sidekick("--config", "no.yaml", "get").returncode == 2


def test_what_is_kept(lab: Lab) -> None:
    """The file is its owner's alone, holds no secret, and follows what counts."""
    file = lab.root / "state" / "settings.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRET not in file.read_text(encoding="utf-8")
    _break(lab, "gpus: 3\n")
    wait_for("the change", lambda: json.loads(file.read_text())["settings"].get("gpus") == 3)


@pytest.mark.parametrize(
    "text",
    [
        "paths: {state: elsewhere}\n",
        "priority_source: {csv: {file: other/list.csv}}\n",
    ],
)
def test_a_change_that_waits_for_a_restart(lab: Lab, text: str) -> None:
    """Until then every command speaks to the controller that runs, and of the list that it reads.

    `status` says what waits.
    """
    (lab.root / "other").mkdir()
    shutil.copy(lab.list, lab.root / "other" / "list.csv")
    (lab.root / "elsewhere").mkdir()
    _break(lab, text)
    wait_for("the word", lambda: "count after a restart" in lab.sidekick("status").stdout)
    assert "healthy" in lab.sidekick("status").stdout
    done = lab.sidekick("pause", "one")
    assert (done.stdout, done.stderr) == ("project/One paused\n", "")
    lab.wait_status("One", "Paused")
    wait_for("its end", lambda: not lab.sessions())
