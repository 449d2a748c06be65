"""Secrets, planted in every way that a user can give one, and looked for everywhere."""

import hashlib
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, wait_for

PASSED, KEPT = "canary-passed-81f3", "canary-kept-52aa"
SET, PROXY = "canary-set-0c77", "canary-proxy-9e14"
OWN, SHEET = "canary-own-6b20", "canary-sheet-3d5f"
ALL = (PASSED, KEPT, SET, PROXY, OWN, SHEET)
GIVEN = {"MY_KEY": PASSED, "SET_KEY": SET, "OWN_KEY": OWN}
"""What an agent is to have, by each of the three ways."""
ASK = "; ".join(f'printf %s "${name}" | sha256sum' for name in GIVEN)
LOOKS = (
    *("/metrics", "/healthz", "/readyz", "/api/v1/projects", "/api/v1/status", "/api/v1/plan"),
    *("/api/v1/events?last=1000", "/api/v1/openapi.json"),
)


@pytest.fixture
def planted(lab: Lab) -> Lab:
    """A lab with secrets; its rows end well, go on, crash, and cannot be started."""
    lab.environment |= {
        "MY_KEY": PASSED, "OTHER_KEY": KEPT,
        "HTTPS_PROXY": f"http://me:{PROXY}@127.0.0.1:9", "https_proxy": f"http://me:{PROXY}@x:9",
    }  # fmt: skip
    secrets = lab.root / "agent.env"
    secrets.write_text(f"# its own\nOWN_KEY={OWN}\n\n")
    credentials = lab.root / "credentials.json"
    credentials.write_text(json.dumps({"private_key": SHEET}))
    for file in (secrets, credentials):
        file.chmod(0o600)
    shell: dict[str, object] = {
        "command": ["sh", "-c", "{prompt}"], "slots": 9, "pass_environment": ["MY_KEY"],
        "environment": {"SET_KEY": SET}, "secrets_file": str(secrets),
    }  # fmt: skip
    lab.settle_in(
        f"Ends,1,Pending,,,{quoted(ASK)},,,,",
        f"Works,1,Pending,tty,,{quoted(ASK + '; sleep 1000')},,,,",
        "Crashes,1,Pending,,,exit 3,,,,",
        "Misses,1,Pending,missing,,go,,,,",
        "Lost,1,Pending,,,go,,,,",
        agents={
            "sh": shell, "tty": {**shell, "mode": "interactive"},
            "missing": {**shell, "command": ["no-such-program", "{prompt}"]},
        },
        projects={"Lost": "no-such-folder"},
        priority_source={"type": "csv", "sheets": {"credentials_file": str(credentials)}},
    )  # fmt: skip
    return lab


def quoted(text: str) -> str:
    """A cell of a CSV file."""
    return '"' + text.replace('"', '""') + '"'


def files(lab: Lab) -> Iterator[tuple[str, bytes]]:
    """Every file of the lab, but the very ones that a secret was given in.

    A run's `env` is one of those, until its shim has read it: that it goes is waited for apart.
    """
    given = {"config.yaml", "agent.env", "credentials.json"}
    for path in sorted(lab.root.rglob("*")):
        parts = path.relative_to(lab.root).parts
        handed = parts[0] == "runs" and parts[2:] == ("env",)
        if path.is_file() and "/".join(parts) not in given and not handed:
            with suppress(FileNotFoundError):
                yield str(path), path.read_bytes()


def processes() -> Iterator[tuple[str, bytes]]:
    """Every process's command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield f"{entry}/cmdline", (entry / "cmdline").read_bytes()


def ours(lab: Lab) -> Iterator[tuple[str, bytes]]:
    """The environments of the shims and of the tmux server."""
    pids = lab.tmux("list-panes", "-a", "-F", "#{pane_pid}").split()
    pids += lab.tmux("display-message", "-p", "#{pid}").split()
    for started in (lab.root / "runs").glob("*/started.json"):
        pids += [str(pid) for pid in json.loads(started.read_text())["shim"]]
    for pid in pids:
        with suppress(OSError):
            yield f"environment of {pid}", Path(f"/proc/{pid}/environ").read_bytes()


def sessions(lab: Lab) -> Iterator[tuple[str, bytes]]:
    """All that tmux tells."""
    asked = [("show-environment", "-g"), ("show-options", "-g"), ("show-options", "-s"),
             ("show-window-options", "-g"), ("list-keys",), ("show-messages",),
             ("list-panes", "-a", "-F", "#{pane_start_command} #{pane_title} #{pane_tty}"),
             ("list-buffers",)]  # fmt: skip
    for pane in lab.tmux("list-panes", "-a", "-F", "#{pane_id}").split():
        asked += [("capture-pane", "-p", "-S-", "-t", pane), ("show-options", "-p", "-t", pane),
                  ("show-environment", "-t", pane)]  # fmt: skip
    for arguments in asked:
        yield f"tmux {arguments}", lab.tmux(*arguments).encode()


def answers(lab: Lab) -> Iterator[tuple[str, bytes]]:
    """All that the server tells, to who has the token and to who has a wrong one."""
    token = (lab.root / "state" / "token").read_text().strip()
    paths = [*LOOKS, "/nothing", *(f"/api/v1/projects/{name}" for name in lab.rows())]
    for shown in (token, "x" * 43):
        for path in paths:
            for data in (None, b"{"):
                request = urllib.request.Request(lab.url() + path, data)
                request.add_header("Authorization", f"Bearer {shown}")
                try:
                    with urllib.request.urlopen(request, timeout=10) as answer:
                        yield path, answer.read()
                except urllib.error.HTTPError as error:
                    yield path, error.read()


def commands(lab: Lab) -> Iterator[tuple[str, bytes]]:
    """All that the command tells."""
    told = ["get -o json", "status", "events --last 1000", "plan", "validate", "doctor"]
    told += ["config show", "config show -o json", "describe nobody"]
    told += ["describe Works", "describe Misses -o yaml", "logs Works"]
    told += ["snapshot create kept", "snapshot list"]
    for words in told:
        done = lab.sidekick(*words.split())
        yield words, (done.stdout + done.stderr).encode()


def found(places: Iterable[tuple[str, bytes]], secrets: Iterable[str]) -> list[str]:
    """Where a secret is."""
    return [
        f"{secret} in {place}"
        for place, content in places
        for secret in secrets
        if secret.encode() in content
    ]


def leaks(lab: Lab, *more: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where a secret is that has no business there: in files, processes, tmux, or more places."""
    wait_for("every env read", lambda: not list((lab.root / "runs").glob("*/env")))
    token = (lab.root / "state" / "token").read_text().strip()
    kept = ((place, text) for place, text in files(lab) if not place.endswith("/state/token"))
    places = chain(kept, processes(), ours(lab), sessions(lab), *more)
    return found(places, (*ALL, token))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_secret_is_anywhere_but_where_it_was_given(planted: Lab) -> None:
    """Not in files, snapshots, arguments, tmux, logs, metrics, the API, nor a command's output."""
    lab = planted
    lab.start()
    lab.wait_status("Ends", "Completed")
    lab.wait_reason("Works", "Running")
    lab.wait_reason("Crashes", "CrashBackoff")
    lab.wait_reason("Misses", "ProgramMissing")
    lab.wait_reason("Lost", "FolderMissing")

    hashes = [hashlib.sha256(value.encode()).hexdigest() for value in GIVEN.values()]
    for name in ("Ends", "Works"):
        printed = lab.sidekick("logs", name).stdout
        assert [line.split()[0] for line in printed.splitlines()] == hashes
    assert leaks(lab, answers(lab), commands(lab)) == []

    (agent,) = [pid for run, pid in lab.agents().items() if run_of(lab, "Works") == run]
    environment = Path(f"/proc/{agent}/environ").read_bytes()
    assert found([("the agent", environment)], ALL) == [
        f"{value} in the agent" for value in (PASSED, SET, PROXY, OWN)
    ]

    record = lab.root / "runs" / run_of(lab, "Works") / "started.json"
    for shim in json.loads(record.read_text())["shim"]:
        os.kill(shim, signal.SIGKILL)
    lab.stop(signal.SIGKILL)
    state = lab.root / "state"
    (state / "sidekick.db-wal").unlink(missing_ok=True)
    (state / "sidekick.db").write_bytes(b"damaged" * 1000)
    lab.start()
    assert list(state.glob("sidekick.db.broken-*"))
    assert list(state.glob("snapshots/kept/sidekick.db"))
    assert leaks(lab) == []


@pytest.mark.slow
def test_a_secret_that_nobody_came_to_read(planted: Lab) -> None:
    """Where no shim ever reads a run's `env`, the file goes as soon as that is known."""
    lab = planted
    lab.write("First,1,Pending,,,sleep 1000,,,,")
    lab.start()
    lab.wait_reason("First", "Running")
    server = int(lab.tmux("display-message", "-p", "#{pid}"))
    project, left = next(filter(None, (caught(lab, server, number) for number in range(20))))
    assert found([("env", left.read_bytes())], [PASSED, SET]) != []
    os.kill(server, signal.SIGKILL)
    wait_for("its end", lambda: not left.exists(), 30)
    lab.wait_reason(project, "Running", 30)
    assert list((lab.root / "runs").glob("*/env")) == []
    assert leaks(lab) == []


def caught(lab: Lab, server: int, number: int) -> tuple[str, Path] | None:
    """A new project, and its run's `env` if the tmux server was halted before a shim read it."""
    runs, project = lab.root / "runs", f"Try{number}"
    before = set(runs.iterdir())
    lab.append(f"{project},1,Pending,,,sleep 1000,,,,")
    deadline = time.monotonic() + 20
    while not (fresh := set(runs.iterdir()) - before):
        assert time.monotonic() < deadline
    os.kill(server, signal.SIGSTOP)
    left = fresh.pop() / "env"
    time.sleep(0.5)  # for a shim that had begun already
    if left.exists():
        return project, left
    os.kill(server, signal.SIGCONT)
    lab.wait_reason(project, "Running")
    return None


def run_of(lab: Lab, project: str) -> str:
    """A project's newest run."""
    shown = json.loads(lab.sidekick("get", "-o", "json", check=True).stdout)
    return next(str(p["run"]) for p in shown["projects"] if p["name"] == project)
