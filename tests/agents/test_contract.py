"""What every agent keeps: the prompt arrives whole, and an end is judged alike."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.agents.base import Agent
from controller.agents.command import CommandAgent
from controller.agents.demo import DemoAgent
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS
from controller.core.observed import Ending, Report, ReportState, StopRequest, Words
from controller.core.workload import Workload

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ECHO = "import sys; sys.stdout.buffer.write(sys.argv[-1].encode('utf-8', 'surrogateescape'))"
WORK = Workload("My App", "my-app", "agent", "", "do it", "/work", Words("digest"))

AGENTS: dict[str, Agent] = {
    "demo": DemoAgent(slots=2),
    "headless": CommandAgent("headless", (sys.executable, "-c", ECHO, "{prompt}")),
    "guarded": CommandAgent("guarded", (sys.executable, "-c", ECHO, "--", "{prompt}")),
    "resumable": CommandAgent(
        "resumable",
        (sys.executable, "-c", ECHO, "new", "{conversation}", "{prompt}"),
        resume=(sys.executable, "-c", ECHO, "on", "{conversation}", "{prompt}"),
    ),
}
PROMPTS = {
    "plain": "Fix the tests",
    "100 KB": "wörd " * 20_000,
    "lines": "first\n\n  second\r\nthird\n",
    "quotes": """it's "so" `quoted` \\ \\n \\""",
    "dash": "-rf --help",
    "two dashes": "--",
    "shell": "$(touch pwned); `id` | cat > x && $HOME ~ * ? [a-z] {a,b} !! # &",
    "placeholders": "{model} {prompt} {0} {} {{x}} %s",
    "other scripts": "日本語 🚀 עברית e\u0301",
    "escapes": "\x1b[31mred\x07\x08",
    "blanks": "   ",
}


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> Agent:
    """Every kind of agent; a new one is tested by adding it above."""
    name: str = request.param
    return AGENTS[name]


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_the_prompt_is_one_argument(agent: Agent, prompt: str) -> None:
    """Whatever the prompt says, it is one argument of its own, not a character changed."""
    launch = agent.launch(replace(WORK, prompt=prompt, conversation="c"), "/runs/1")

    assert prompt == launch.argv[-1]
    assert prompt == launch.prompt
    assert not any("\0" in argument or argument == "" for argument in launch.argv)


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_the_prompt_arrives(prompt: str, tmp_path: Path) -> None:
    """A program that is started so is given the prompt byte by byte, and no shell acts on it."""
    launch = AGENTS["headless"].launch(replace(WORK, prompt=prompt), "/runs/1")
    done = subprocess.run(launch.argv, capture_output=True, cwd=tmp_path, timeout=20, check=True)

    assert prompt.encode() == done.stdout
    assert list(tmp_path.iterdir()) == []


def test_launch_is_repeatable(agent: Agent) -> None:
    """The same workload is started the same way each time."""
    assert agent.launch(WORK, "/runs/1") == agent.launch(WORK, "/runs/1")


def test_no_conversation_without_the_skill(agent: Agent) -> None:
    """Only an agent that can go on with a conversation is asked to."""
    fresh = agent.launch(replace(WORK, conversation="c"), "/runs/1")
    begun = agent.launch(replace(WORK, conversation="c", begun=True), "/runs/1")
    assert agent.conversations == (fresh.argv != begun.argv)


def end(cause: Cause, **fields: object) -> Exit:
    """An end, ten seconds after the start."""
    started = NOW.replace(second=0)
    return replace(Exit(cause, NOW, started_at=started), **fields)  # type: ignore[arg-type]


def says(state: ReportState) -> Report:
    """A report."""
    return Report(state, "its words", NOW)


ENDS = {
    "finished": (end(Cause.EXIT, status=0), None, Ending.COMPLETED, "Finished", ""),
    "finished and said so": (
        end(Cause.EXIT, status=0), ReportState.DONE, Ending.COMPLETED, "Finished", "its words",
    ),
    "finished while working": (
        end(Cause.EXIT, status=0), ReportState.WORKING, Ending.COMPLETED, "Finished", "",
    ),
    "finished while waiting": (
        end(Cause.EXIT, status=0), ReportState.WAITING, Ending.WAITING,
        "AgentWaiting", "its words",
    ),
    "blocked": (
        end(Cause.EXIT, status=0), ReportState.BLOCKED, Ending.BLOCKED, "AgentBlocked", "its words",
    ),
    "blocked and failed": (
        end(Cause.EXIT, status=3), ReportState.BLOCKED, Ending.BLOCKED, "AgentBlocked", "its words",
    ),
    "crashed": (end(Cause.EXIT, status=3), None, Ending.CRASHED, "Crashed", "exit status 3"),
    "crashed though it said done": (
        end(Cause.EXIT, status=1), ReportState.DONE, Ending.CRASHED, "Crashed", "exit status 1",
    ),
    "crashed with words": (
        end(Cause.EXIT, status=2, tail=("Traceback", "  Boom: x  ", "", "  ")),
        None, Ending.CRASHED, "Crashed", "exit status 2: Boom: x",
    ),
    "killed": (end(Cause.EXIT, signal=9), None, Ending.CRASHED, "Crashed",
               "killed by SIGKILL (out of memory?)"),
    "killed by a strange signal": (
        end(Cause.EXIT, signal=99), None, Ending.CRASHED, "Crashed", "killed by signal 99",
    ),
    "adopted, so that only its end is known": (
        end(Cause.EXIT), None, Ending.BLOCKED, "ExitUnknown",
        "it ended, and whether it is done is not known: type Completed, or Pending to go on",
    ),
    "stopped": (
        end(Cause.STOP, status=0, stop=StopRequest("user", "UserPause")),
        ReportState.DONE, Ending.STOPPED, "Stopped", "",
    ),
    "stopped though blocked": (
        end(Cause.STOP, signal=15), ReportState.BLOCKED, Ending.STOPPED, "Stopped", "",
    ),
    "program missing": (
        end(Cause.START, reason="ProgramMissing", message="claude: no such program"),
        None, Ending.FAULT, "ProgramMissing", "claude: no such program",
    ),
    "never ran": (end(Cause.START), None, Ending.FAULT, "StartFailed", ""),
    "session killed": (
        end(Cause.SIGNAL, signal=15), None, Ending.LOST, "SessionKilled",
        "its session, or the server of all sessions, was killed",
    ),
    "shim lost": (
        end(Cause.LOST), ReportState.BLOCKED, Ending.LOST, "ShimLost",
        "the process that watched over the agent was killed",
    ),
    "shim lost with words": (
        end(Cause.LOST, reason="RecordBroken", message="it is broken"),
        None, Ending.LOST, "RecordBroken", "it is broken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("end", "state", "ending", "reason", "message"), ENDS.values(), ids=ENDS)
def test_judge(
    agent: Agent, end: Exit, state: ReportState | None, ending: Ending, reason: str, message: str
) -> None:
    """An end is judged by its cause, then by the agent's own word, then by its status."""
    result = agent.judge(end, says(state) if state else None, NO_FACTS)

    assert (ending, reason, message) == (result.ending, result.reason, result.message)
    assert (NOW, 5.0, end.status) == (result.at, result.seconds, result.status)
    assert end.stop == result.stop


def test_a_long_last_line_is_cut(agent: Agent) -> None:
    """The last line stands in a cell: 120 characters of it are enough."""
    result = agent.judge(end(Cause.EXIT, status=1, tail=("x" * 5000,)), None, NO_FACTS)
    assert f"exit status 1: {'x' * 120}" == result.message


def test_an_end_before_its_start(agent: Agent) -> None:
    """A clock that jumped back makes no negative time."""
    result = agent.judge(Exit(Cause.EXIT, NOW, 0, started_at=NOW.replace(hour=23)), None, NO_FACTS)
    assert result.seconds == 0.0
