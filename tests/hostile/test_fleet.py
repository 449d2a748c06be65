"""A real fleet of hostile rows and agents: nothing of them executes, escapes or breaks a view."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.log.fields import FIELDS
from tests.e2e.lab import HEADER, SIDEKICK, Lab, wait_for
from tests.hostile.corpus import CELLS, NAMES, TEXTS, assert_tame, no_canary
from tests.hostile.test_logs import WILD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

LOG_LINE = re.compile(r"[0-9-]{10} [0-9:.]{12} (INFO|WARNING|ERROR) +\S|    \S")
LOG_FIELDS = {"timestamp", "level", "event", "logger", "exception", *FIELDS}
DRAWING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
ODD = "#(touch canary) $(touch canary) 'it`s' %H"
"""A folder's name as config.yaml may have it."""

KEEPER = """
import json, os, sys
with open("got.json", "w") as file:
    json.dump([[os.fsencode(word).hex() for word in sys.argv[1:]], sys.stdin.buffer.read().hex()],
              file)
"""
EVIL = """
import json, os, sys, time
texts = json.load(open(sys.argv[1]))
for text in texts:
    sys.stdout.buffer.write(text.encode() + b"\\n")
sys.stdout.buffer.write(b"\\x1b]2;#(touch canary)#[fg=red]\\x07\\x1bk#(touch canary)\\x1b\\\\\\n")
sys.stdout.flush()
os.makedirs("#(touch canary)", exist_ok=True)
os.chdir("#(touch canary)")
with open(os.environ["SIDEKICK_RUN_DIR"] + "/events.jsonl", "ab", 0) as events:
    for n, text in enumerate(texts):
        for state in ("progress", "waiting"):
            line = {"type": "report", "state": state, "message": text, "at": time.time()}
            events.write(json.dumps(line).encode() + b"\\n")
        events.write(b"\\xff\\0garbage" + text.encode() + b"\\n" + b"[" * 9000 + b"\\n")
        time.sleep(0.05)
time.sleep(1000)
"""


def write(lab: Lab, rows: list[list[str]]) -> None:
    """Save the list as a program does that knows CSV; Python's writer leaves a lone CR bare."""
    with lab.list.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([HEADER.split(","), *rows])


def row(name: str, action: str, agent: str = "") -> list[str]:
    """A row that wants to run; the cell of Model is empty, Reason is there to be written."""
    return [name, "5", "Pending", agent, "", action, "", "", "", ""]


def metrics_parse(lab: Lab) -> None:
    """What the controller tells a scraper is understood."""
    text = lab.get("/metrics")
    assert text
    assert {f.name for f in text_string_to_metric_families(text)} >= {"sidekick_project_running"}


def commands_are_tame(lab: Lab, *names: str) -> None:
    """What the commands print drives no terminal."""
    for words in ("get", "get -o wide", "get -o json", "get -o yaml", "events", "status", "plan",
                  "validate"):  # fmt: skip
        done = lab.sidekick(*words.split())
        assert_tame(done.stdout + done.stderr)
        assert "defect" not in done.stderr
    for name in names:
        done = lab.sidekick("describe", "--", name)
        assert done.returncode == 0, done.stderr
        assert_tame(done.stdout + done.stderr)


def log_is_ours(lab: Lab) -> None:
    """Each line of the log is one that the controller wrote, in whichever form."""
    text = (lab.root / "logs" / "sidekick.log").read_text(encoding="utf-8")
    as_text = lab.environment.get("SIDEKICK_LOG_FORMAT") == "text"
    for line in text.removesuffix("\n").split("\n"):
        assert_tame(line)
        if as_text:
            assert LOG_LINE.match(line), line
        else:
            said = json.loads(line)
            assert set(said) <= LOG_FIELDS, line
            assert list(said)[:4] == ["timestamp", "level", "event", "logger"]
            assert said["logger"].startswith("controller."), line


def watched(lab: Lab, *words: str, seconds: float = 3.0, shown: bytes) -> str:
    """What a command sends a terminal until it has shown something, and a moment longer."""
    master, slave = pty.openpty()
    environment = {**lab.environment, "TERM": "xterm-256color", "COLUMNS": "150", "LINES": "60"}
    process = subprocess.Popen(
        [SIDEKICK, *words], cwd=lab.root, env=environment, stdin=slave, stdout=slave,
        stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    os.set_blocking(master, False)
    sent = bytearray()

    def look() -> bool:
        with suppress(BlockingIOError, OSError):
            while part := os.read(master, 65_536):
                sent.extend(part)
        return shown in sent

    try:
        wait_for(f"{shown!r}", look, 30)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            look()
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGINT)
        wait_for("its end", lambda: (look(), process.poll() is not None)[1], 20)
        os.close(master)
    return sent.decode("utf-8", "replace")


@pytest.mark.parametrize("way", ["argument", "input"])
def test_agents_get_the_cell_byte_by_byte(lab: Lab, way: str) -> None:
    """As an argument or on standard input, in folders of whatever name; nothing is executed."""
    keeper = lab.root / "keeper.py"
    keeper.write_text(KEEPER)
    python = [sys.executable, "-I", "-S", str(keeper)]
    agent = {"command": [*python, "--", "{prompt}"] if way == "argument" else python,
             "prompt_on_stdin": way == "input", "mode": "headless", "slots": 30}  # fmt: skip
    wanted = {f"P{n}": text.strip() for n, text in enumerate(CELLS.values()) if text.strip()}
    lab.settle_in(
        agents={"keep": agent}, default_agent="keep", slots=30,
        paths={name: f"{ODD} {name}" for name in ("state", "runs", "workspaces")},
    )  # fmt: skip
    write(lab, [row(name, text) for name, text in wanted.items()])
    before = lab.rows()
    lab.start()
    wait_for("the end of all", lambda: all(cells["Status"] == "Completed"
                                           for cells in lab.rows().values()), 120)  # fmt: skip
    for name, text in wanted.items():
        folder = lab.root / f"{ODD} workspaces" / name.lower()
        words, given = json.loads((folder / "got.json").read_text())
        data = text.encode()
        assert bytes.fromhex(given) == (data if way == "input" else b"")
        assert [bytes.fromhex(word) for word in words] == ([b"--", data][: len(words)])
        assert len(words) == (2 if way == "argument" else 0)
    after = lab.rows()
    for name, cells in before.items():
        kept = {key: text for key, text in cells.items() if key in {"Next Action", "Priority"}}
        assert {key: after[name][key] for key in kept} == kept
    metrics_parse(lab)
    log_is_ours(lab)
    no_canary(lab.root, Path.cwd())


def test_hostile_names_stay_in_their_places(lab: Lab) -> None:
    """Every valid name has a session and a folder of its own, and every view shows it."""
    lab.environment["SIDEKICK_LOG_FORMAT"] = "text"
    lab.settle_in(agents={"sh": {"command": ["sh", "-c", "{prompt}"], "slots": 200}}, slots=200)
    write(lab, [row(name, "pwd >here; exec sleep 1000") for name in NAMES.values()])
    lab.start()

    def running() -> int:
        return sum(cells["Status"] == "In Progress" for cells in lab.rows().values())

    wait_for("all to run", lambda: running() == len(NAMES), 120)
    sessions = lab.sessions()
    assert len(set(sessions)) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) for name in sessions)
    folders = sorted(path.name for path in (lab.root / "workspaces").iterdir())
    assert folders == sessions
    for name in folders:
        here = (lab.root / "workspaces" / name / "here").read_text().strip()
        assert here == str(lab.root / "workspaces" / name)
    assert set(lab.rows()) == set(NAMES.values())
    commands_are_tame(lab, NAMES["job"], NAMES["combining"])
    for what in ("substitution", "help", "override"):
        shown = lab.sidekick("describe", "--", NAMES[what]).stdout
        (hint,) = (line.partition(":")[2] for line in shown.splitlines() if line[:7] == "Attach:")
        pasted = subprocess.run(
            ["bash", "-c", f"sidekick() {{ printf '%s\\n' \"${{@: -1}}\"; }}; {hint}"],
            cwd=lab.root, capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        word = pasted.stdout.removesuffix("\n")
        assert lab.sidekick("get", "-o", "name", "--", word).returncode == 0
    metrics_parse(lab)
    log_is_ours(lab)
    sent = watched(lab, "get", "-w", shown=b"In Progress")
    assert_tame(DRAWING.sub("", sent))
    no_canary(lab.root, Path.cwd(), Path.home())


def test_a_hostile_agent_on_a_terminal(lab: Lab) -> None:
    """What it prints, reports and calls itself changes no view, no session and no other row."""
    evil, texts = lab.root / "evil.py", lab.root / "texts.json"
    evil.write_text(EVIL)
    texts.write_text(json.dumps(list(TEXTS.values())))
    agents = {
        "evil": {"command": [sys.executable, "-I", "-S", str(evil), str(texts)],
                 "mode": "interactive", "slots": 2},
        "sh": {"command": ["sh", "-c", "{prompt}"], "slots": 2},
    }  # fmt: skip
    lab.settle_in(agents=agents, default_agent="sh",
                  paths={"runs": f"{ODD} runs"})  # fmt: skip
    others = [
        row("Good", "exec sleep 1000"),
        ["Rest", "1", "Paused", "", "", "=1+1", "", "", "", ""],
    ]
    write(lab, [row("Evil", "be evil", "evil"), *others])
    lab.start()
    lab.wait_status("Evil", "Waiting", 30)
    folder = lab.root / f"{ODD} runs"
    wait_for("its last word", lambda: any(
        TEXTS["jinja"] in line.get("message", "")
        for path in folder.glob("*/events.jsonl")
        for line in _reports(path)
    ), 60)  # fmt: skip
    commands_are_tame(lab, "Evil")
    done = lab.sidekick("logs", "Evil")
    assert "$(touch canary)" in done.stdout
    assert not WILD.search(done.stdout)
    document = json.loads(lab.sidekick("get", "-o", "json").stdout)
    assert [item["name"] for item in document["projects"]] == ["Evil", "Good", "Rest"]
    rows = lab.rows()
    assert list(rows) == ["Evil", "Good", "Rest"]
    assert rows["Rest"]["Next Action"] == "=1+1"
    assert rows["Good"]["Status"] == "In Progress"
    assert_tame(rows["Evil"]["Reason"])
    assert not rows["Evil"]["Reason"].startswith(("=", "+", "-", "@"))

    # a person attaches, looks around, opens a pane beside it, and leaves
    assert lab.tmux("list-windows", "-a", "-F", "#{session_name} #{window_name}").split("\n")[:2] \
        == ["evil agent", "good agent"]  # fmt: skip
    sent = _attached(lab)
    assert "C-b d detaches" in sent
    assert "\x1b]52" not in sent
    assert "touch canary\x07" not in sent
    assert len(lab.sessions()) == 3  # with the pane that the person opened
    metrics_parse(lab)
    log_is_ours(lab)
    assert lab.stop() == 0
    sent = watched(lab, "run", shown=b"AgentWaiting")
    assert_tame(DRAWING.sub("", sent))
    no_canary(lab.root, Path.cwd())


def _reports(path: Path) -> list[dict[str, str]]:
    found = []
    for line in path.read_bytes().splitlines():
        with suppress(ValueError, RecursionError):
            found.append(json.loads(line))
    return [item for item in found if isinstance(item, dict)]


def _attached(lab: Lab) -> str:
    """What a person's terminal gets who attaches, splits the window and looks at the sessions."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [SIDEKICK, "attach", "Evil"], cwd=lab.root, stdin=slave, stdout=slave, stderr=slave,
        env={**lab.environment, "TERM": "xterm-256color"}, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    os.set_blocking(master, False)
    sent = bytearray()

    def got(text: bytes) -> bool:
        with suppress(BlockingIOError, OSError):
            while part := os.read(master, 65_536):
                sent.extend(part)
        return text in sent

    def seen(look: Callable[[], bool]) -> Callable[[], bool]:
        # A terminal that takes nothing holds up what is drawn, and so what is typed.
        return lambda: got(b"") and look()

    try:
        wait_for("the status line", lambda: got(b"C-b d detaches"), 20)
        os.write(master, b'\x02"')
        wait_for("the split", seen(lambda: len(lab.sessions()) == 3), 40)
        os.write(master, b"\x02s")
        wait_for("the tree of sessions", lambda: got(b"good"), 20)
        lab.tmux("detach-client", "-s", "=evil")
        wait_for("its end", seen(lambda: process.poll() is not None), 20)
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return sent.decode("utf-8", "replace")
