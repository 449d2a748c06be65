"""The loop and other threads: what they ask is done between two ticks, in the loop's thread."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

import controller.loop
from controller.core.errors import NotFound, TransientError
from controller.loop import Loop
from controller.reconciler import Reconciler
from controller.tick import Tick
from controller.wakes import Wakes
from tests.e2e.lab import wait_for

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Ticks:
    """A reconciler that only counts, and fails where it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.count = 0
        self.defects = 0
        self.broken = False
        self.hold = threading.Event()
        self.hold.set()

    def tick(self) -> Tick:
        """One tick."""
        self.begun += 1
        self.hold.wait(10)
        self.count += 1
        if self.broken:
            raise RuntimeError("a defect")
        return Tick(NOW)

    def count_defect(self) -> None:
        """A tick failed."""
        self.defects += 1


class Running:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self.ticks = Ticks()
        self.wakes = Wakes(None, (), 1.0)
        self.interval = 3600.0
        reconciler = cast("Reconciler", self.ticks)
        self.loop = Loop(reconciler, self.wakes, lambda: self.interval, lambda: NOW, lambda _: None)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()
        wait_for("the first tick", lambda: self.ticks.count)

    def close(self) -> None:
        """End it."""
        self.ticks.hold.set()
        self.loop.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.wakes.close()


@pytest.fixture
def running() -> Iterator[Running]:
    """A loop that ticked once and rests."""
    made = Running()
    yield made
    made.close()


def test_an_order_is_done_in_the_loops_thread_and_a_tick_follows(running: Running) -> None:
    """So that what it changed is acted on at once."""
    before = running.ticks.count
    assert running.loop.ask(threading.current_thread) is running.thread
    wait_for("a tick", lambda: running.ticks.count > before)


def test_a_look_is_done_in_the_loops_thread_and_no_tick_follows(running: Running) -> None:
    """A page that looks each second does not make the controller work each second."""
    before = running.ticks.count
    for _ in range(20):
        assert running.loop.look(threading.current_thread) is running.thread
    running.loop.ask_tick()
    assert running.ticks.count == before + 1


def test_a_tick_is_not_put_off_by_looks(running: Running) -> None:
    """However many look: it comes when it was due."""
    running.interval = 0.2
    running.loop.ask_tick()
    before, began = running.ticks.count, time.monotonic()
    looks = 0
    while running.ticks.count < before + 3:
        assert time.monotonic() < began + 10
        running.loop.look(lambda: None)
        looks += 1
    assert time.monotonic() >= began + 0.3
    assert looks > 10


def test_a_look_that_waits_when_the_loop_ends_is_told(running: Running) -> None:
    """It is not left to wait until its patience is over."""
    running.ticks.hold.clear()
    running.wakes.wake()
    wait_for("a tick under way", lambda: running.ticks.begun > running.ticks.count)
    told: list[str] = []

    def look() -> None:
        with pytest.raises(TransientError) as caught:
            running.loop.look(lambda: None)
        told.append(caught.value.reason)

    asker = threading.Thread(target=look)
    asker.start()
    wait_for("a look that waits", lambda: running.loop._looks)
    running.loop.stop()
    running.ticks.hold.set()
    asker.join(10)
    assert told == ["ShuttingDown"]


def test_a_tick_that_is_asked_for_began_after_the_question(running: Running) -> None:
    """Not the one that was under way."""
    running.ticks.hold.clear()
    running.wakes.wake()
    wait_for("a tick under way", lambda: running.ticks.begun > running.ticks.count)
    answers: list[Tick] = []
    asker = threading.Thread(target=lambda: answers.append(running.loop.ask_tick()))
    asker.start()
    running.ticks.hold.set()
    asker.join(10)
    assert answers
    assert running.ticks.count >= 2


def _no() -> None:
    raise NotFound("NotFound", "no such project")


def _broken() -> None:
    raise RuntimeError("a defect")


@pytest.mark.parametrize("way", ["ask", "look"])
@pytest.mark.parametrize(("order", "reason"), [(_no, "NotFound"), (_broken, "Defect")])
def test_what_an_order_raises_reaches_the_asker_and_not_the_loop(
    running: Running, order: Callable[[], None], reason: str, way: str
) -> None:
    """A defect is told as one, without its innards."""
    ask = getattr(running.loop, way)
    with pytest.raises((NotFound, TransientError)) as caught:
        ask(order)
    assert caught.value.reason == reason
    assert ask(lambda: 7) == 7


def test_a_defect_in_a_tick_that_was_asked_for_is_told(running: Running) -> None:
    """And the loop goes on."""
    running.ticks.broken = True
    with pytest.raises(TransientError, match="defect"):
        running.loop.ask_tick()
    running.ticks.broken = False
    assert running.loop.ask_tick().now == NOW
    assert running.ticks.defects >= 1


def test_a_busy_loop_is_told_and_the_order_is_not_done_later(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told that it was not done must not find it done."""
    monkeypatch.setattr(controller.loop, "PATIENCE", 0.05)
    running.ticks.hold.clear()
    running.wakes.wake()
    done: list[int] = []
    wait_for("a tick under way", lambda: running.ticks.begun > running.ticks.count)
    with pytest.raises(TransientError) as caught:
        running.loop.ask(lambda: done.append(1))
    assert caught.value.reason == "LoopBusy"
    running.ticks.hold.set()
    monkeypatch.setattr(controller.loop, "PATIENCE", 10.0)
    running.loop.ask_tick()
    assert done == []
