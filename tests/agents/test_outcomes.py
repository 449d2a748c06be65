"""What config.yaml says that an exit status or a line means, for an agent of a command line."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.agents.base import AgentError, Mode
from controller.agents.command import CommandAgent
from controller.agents.demo import DemoAgent
from controller.agents.outcomes import Outcome, Pattern
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Asking, Trouble
from controller.core.observed import Ending, Report, ReportState, StopRequest

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATTERNS = tuple(
    Pattern(outcome, re.compile(pattern))
    for outcome, pattern in (
        (Outcome.LIMIT, r"limit reached, resets (?P<reset>.+)"),
        (Outcome.AUTH, r"(?i)bad key"),
        (Outcome.CREDIT, r"no credit"),
        (Outcome.WAITING, r"^ASK: (?P<text>.+)"),
        (Outcome.COMPLETED, r"^ALL DONE"),
    )
)
CODES = {0: Outcome.COMPLETED, 3: Outcome.BLOCKED, 4: Outcome.RATE_LIMITED, 5: Outcome.WAITING,
         6: Outcome.CRASHED}  # fmt: skip
AGENT = CommandAgent("x", ("x",), exit_codes=CODES, patterns=PATTERNS)


def ended(status: int, *tail: str) -> Exit:
    """An end by itself."""
    return Exit(Cause.EXIT, NOW, status=status, tail=tail)


@pytest.mark.parametrize(
    ("end", "ending", "reason"),
    [
        (ended(0, "bad key"), Ending.COMPLETED, "Finished"),
        (ended(1, "it works"), Ending.CRASHED, "Crashed"),
        (ended(1, "ALL DONE"), Ending.COMPLETED, "Finished"),
        (ended(1, "BAD KEY", "good-bye"), Ending.HELD, "AuthFailed"),
        (ended(1, "bad key", "no credit"), Ending.HELD, "OutOfCredit"),
        (ended(3, "cannot"), Ending.BLOCKED, "AgentBlocked"),
        (ended(4), Ending.UNAVAILABLE, "RateLimited"),
        (ended(5, "which?"), Ending.WAITING, "AgentWaiting"),
        (ended(4, "ASK: which one"), Ending.WAITING, "AgentWaiting"),
        (ended(6), Ending.CRASHED, "AgentError"),
    ],
)
def test_ends(end: Exit, ending: Ending, reason: str) -> None:
    """A status that means completed; then the newest line that fits; then any other status."""
    result = AGENT.judge(end, None, NO_FACTS)
    assert (result.ending, result.reason, result.status) == (ending, reason, end.status)


def test_what_the_row_says() -> None:
    """The group `text`, or the line."""
    assert AGENT.judge(ended(9, "ASK: which one"), None, NO_FACTS).message == "which one"
    assert AGENT.judge(ended(9, " bad key 7 "), None, NO_FACTS).message == "bad key 7"


@pytest.mark.parametrize(
    ("reset", "until"),
    [
        ("2026-01-02T05:00:00Z", NOW.replace(hour=5, minute=0, second=0)),
        ("2026-01-02T05:00:00", NOW.replace(hour=5, minute=0, second=0)),
        ("90", NOW + timedelta(seconds=90)),
        (str(int(NOW.timestamp()) + 60), NOW + timedelta(seconds=60)),
        ("4h28m", NOW + timedelta(hours=4, minutes=28)),
        ("8:02am (UTC)", NOW.replace(hour=8, minute=3, second=0)),
        ("soon", None),
        ("inf", None),
    ],
)
def test_when_a_limit_is_over(reset: str, until: datetime | None) -> None:
    """In whichever way it was said; what is no time is none."""
    result = AGENT.judge(ended(1, f"limit reached, resets {reset}"), None, NO_FACTS)
    assert (result.ending, result.until) == (Ending.HELD, until)


def test_its_own_report_comes_first() -> None:
    """What it said of itself beats what a line looks like."""
    report = Report(ReportState.BLOCKED, "no disk", NOW)
    assert AGENT.judge(ended(1, "bad key"), report, NO_FACTS).message == "no disk"
    done = Report(ReportState.DONE, "made it", NOW)
    assert AGENT.judge(ended(0), done, NO_FACTS).message == "made it"


def test_other_ends() -> None:
    """Who stopped it, or lost it, is what counts."""
    end = replace(ended(3, "bad key"), cause=Cause.STOP, stop=StopRequest("user", "Asked", ""))
    assert AGENT.judge(end, None, NO_FACTS).ending is Ending.STOPPED
    assert AGENT.judge(replace(end, cause=Cause.LOST), None, NO_FACTS).ending is Ending.LOST


def test_a_terminal() -> None:
    """On it the same patterns tell; where none fits, nothing is known."""
    terminal = AGENT.in_mode(Mode.INTERACTIVE)
    ask = terminal.look(NO_FACTS, "hello\n\nASK: which one\n\n").ask
    assert ask is not None
    assert (ask.kind, ask.text) == (Asking.QUESTION, "which one")
    assert terminal.look(NO_FACTS, "bad key").trouble is Trouble.AUTH
    assert terminal.look(NO_FACTS, "$ ") == NO_FACTS
    assert terminal.approach("ASK: which one", "blue").text == "blue"


def test_a_pattern_without_end() -> None:
    """It finds nothing, and holds nobody up."""
    slow = CommandAgent("x", ("x",), patterns=(Pattern(Outcome.AUTH, re.compile(r"(\w+\s?)+$")),))
    began = time.process_time()
    assert slow.judge(ended(1, "a" * 400 + "\0"), None, NO_FACTS).reason == "Crashed"
    assert time.process_time() - began < 5


def test_modes() -> None:
    """An agent goes into the mode that a row wants, or says why it cannot."""
    assert AGENT.in_mode(Mode.INTERACTIVE).mode is Mode.INTERACTIVE
    with pytest.raises(AgentError, match="x has no interactive mode") as caught:
        replace(AGENT, prompt_on_stdin=True).in_mode(Mode.INTERACTIVE)
    assert caught.value.reason == "ModeUnavailable"
    with pytest.raises(AgentError, match="demo has no headless mode"):
        DemoAgent(1).in_mode(Mode.HEADLESS)
