"""The chronicle: every fault is told once when it comes and once when it is over."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.chronicle import KEPT, Chronicle
from controller.core.actions import Outcome, Plan, Stop, Sweep
from controller.core.events import Event
from controller.core.memory import Memory, ProjectMemory, Retry
from controller.log.lines import json_lines, text_lines
from controller.tick import Tick

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class History:
    """Ticks one after the other, and what the journal was given."""

    def __init__(self) -> None:
        self.counted: list[Event] = []
        self.chronicle = Chronicle(self.counted.extend)
        self.kept: list[str] = []
        self._now = NOW

    def tick(self, *news: str, late: str = "", committed: bool = True, **errors: str) -> None:
        """One tick with these faults; `late` comes up while it is written."""
        self._now += timedelta(seconds=1)
        tick = Tick(self._now, errors=dict(errors))
        self.chronicle.gather(tick, [Event(self._now, "a", reason, reason) for reason in news])
        if committed:
            self.kept += [event.reason for event in tick.events]
        if late:
            tick.errors[late] = "late"
        self.chronicle.conclude(tick, committed=committed)


def test_a_fault_and_its_end() -> None:
    """However long it lasts in between."""
    history = History()
    history.tick("One", read="gone")
    history.tick(read="gone")
    history.tick(read="other")
    history.tick()
    history.tick("Two")
    history.tick()
    assert history.kept == ["One", "ReadFailed", "ReadFailed", "ReadRecovered", "Two"]


def test_a_fault_of_the_write_is_told_with_the_next_tick() -> None:
    """Once, as long as it lasts."""
    history = History()
    history.tick(late="write")
    history.tick(late="write")
    history.tick()
    history.tick()
    assert history.kept == ["WriteFailed", "WriteRecovered"]


def test_nothing_is_lost_while_the_store_cannot_be_written() -> None:
    """Events wait, bounded, the newest ones are kept."""
    history = History()
    history.tick("One", late="store", committed=False)
    history.tick("Two", late="store", committed=False)
    history.tick("Three")
    history.tick()
    assert history.kept == ["One", "StoreFailed", "Two", "Three", "StoreRecovered"]
    assert sorted(event.reason for event in history.counted) == sorted(history.kept)
    for number in range(KEPT + 5):
        history.tick(str(number), late="store", committed=False)
    history.kept.clear()
    history.tick()
    assert len(history.kept) <= KEPT + 1
    assert history.kept[-1] == str(KEPT + 4)


def test_an_action_tells_what_became_of_it() -> None:
    """Its failure is told by itself, and not by its stage once more."""
    chronicle = Chronicle(lambda _: None)
    action = Sweep("a", "run")
    done, failed = Outcome(action), Outcome(action, reason="ProcessesLeft", message="they stay")
    tick = Tick(NOW, errors={"act": "they stay"}, outcomes=(done, failed))
    chronicle.gather(tick, [])
    assert [(e.project, e.reason, e.warning) for e in tick.events] == [
        ("a", "Sweep", False), ("a", "ProcessesLeft", True),
    ]  # fmt: skip


def test_an_event_is_one_line_of_log(caplog: pytest.LogCaptureFixture) -> None:
    """With whose it is and why; of an action also which, what became of it, and how long."""
    chronicle = Chronicle(lambda _: None)
    action = Stop("a", "run", "user", "UserPaused", "a person said so")
    done = Outcome(action, seconds=0.25)
    failed = Outcome(action, reason="RunsUnavailable", message="the disk is full", seconds=1.5)
    ended = Event(NOW, "b", "Completed", "100 % done")
    tick = Tick(NOW, errors={"read": "gone"}, outcomes=(done, failed))
    with caplog.at_level(logging.DEBUG):
        chronicle.gather(tick, [ended])
        chronicle.sum_up(tick, 2.0000001)
    formatter = json_lines()
    said = [json.loads(formatter.format(record)) for record in caplog.records]
    assert [tuple(list(line.values())[1:3]) for line in said] == [
        ("info", "100 % done"), ("info", "a person said so"), ("warning", "the disk is full"),
        ("warning", "read failed: gone"), ("debug", "tick"),
    ]  # fmt: skip
    assert [dict(list(line.items())[4:]) for line in said] == [
        {"project": "b", "reason": "Completed"},
        {"project": "a", "action": "Stop", "reason": "UserPaused", "result": "success",
         "duration_seconds": 0.25},
        {"project": "a", "action": "Stop", "reason": "RunsUnavailable", "result": "error",
         "duration_seconds": 1.5},
        {"reason": "ReadFailed"},
        {"result": "error", "duration_seconds": 2.0, "actions": 2, "writes": 0},
    ]  # fmt: skip
    formatter = text_lines(brief=True)
    shown = [formatter.format(record).partition(" ")[2] for record in caplog.records]
    assert shown == [
        "b Completed: 100 % done", "a Stop: a person said so",
        "a RunsUnavailable: the disk is full", "fleet ReadFailed: read failed: gone", "tick",
    ]  # fmt: skip


def test_an_action_that_fails_again_and_again_is_told_once() -> None:
    """Each tick, or after a while; it is over when it succeeds, or when nobody wants it."""
    chronicle = Chronicle(lambda _: None)
    member = ProjectMemory("a", retry=Retry("Full", "full", NOW, keeps_slot=False))
    waits, calm = ({"a": replace(member, retry=retry)} for retry in (member.retry, None))
    told: list[str] = []

    def tick(message: str | None, members: dict[str, ProjectMemory]) -> None:
        outcomes: tuple[Outcome, ...] = ()
        if message is not None:
            outcomes = (Outcome(Sweep("a", "run"), reason=message and "Full", message=message),)
        errors = {"act": message} if message else {}
        plan = Plan((), {}, Memory(members))
        tick = Tick(NOW, errors=errors, outcomes=outcomes, plan=plan)
        chronicle.gather(tick, [])
        told.extend(event.reason for event in tick.events)
        chronicle.conclude(tick, committed=True)

    tick("full", waits)
    tick("full", waits)
    tick(None, waits)
    tick("full", waits)
    assert told == ["Full"]
    tick("other", waits)
    tick("", waits)
    tick(None, calm)
    assert told == ["Full", "Full", "Sweep", "ActRecovered"]
    tick("full", calm)
    tick(None, calm)
    tick(None, calm)
    assert told[4:] == ["Full", "ActRecovered"]
