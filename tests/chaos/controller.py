"""A controller in a process of its own, that ticks when it is told to and can be killed at any
instant; it is the whole real one, but for the wait between two ticks.
"""  # noqa: D205 - one sentence of two lines

import logging
import multiprocessing
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from controller.app import App
from controller.assembly import build
from controller.core.actions import Outcome
from controller.core.report import Report
from controller.layout import clock
from controller.runtimes.registry import runtime_class
from controller.runtimes.tmux import TmuxRuntime
from controller.settings import load_settings
from controller.sources.registry import source_class
from controller.tick import Tick

_FORK = multiprocessing.get_context("fork")
READY_SECONDS = 30.0
WARM = (source_class("csv"), runtime_class("tmux"))
"""Loaded before the fork, so that no controller has to load them again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tick told.

    Attributes:
        now: Its time, by the controller's clock.
        errors: Stage → what failed.
        fresh: Whether the list was read well.
        planned: Whether a plan could be made.
        outcomes: What became of the actions.
        wrote: Rows that were written.
        saved: Whether the memory, or an event, was committed.
        requeue_at: When the plan may differ by itself.
        report: The end of it.
        living: Run id → whether its session lived, for every marked session that was seen.
        calls: Calls to tmux.
        defect: The traceback of a defect; empty for none.
    """

    now: datetime
    errors: Mapping[str, str]
    fresh: bool
    planned: bool
    outcomes: tuple[Outcome, ...]
    wrote: int
    saved: bool
    requeue_at: datetime | None
    report: Report | None
    living: Mapping[str, bool]
    calls: int
    defect: str = ""

    @property
    def quiet(self) -> bool:
        """Nothing was done, written, remembered or amiss, and but one question was asked."""
        busy = self.outcomes or self.wrote or self.saved or self.errors
        return self.planned and not busy and self.calls == 1


class Controller:
    """A forked process with a controller in it.

    Args:
        config: Its config.yaml.
        environment: Its environment, as far as it matters.
        offset: Seconds by which its clock differs from the machine's.

    Raises:
        AssertionError: It did not start.
    """

    def __init__(self, config: Path, environment: Mapping[str, str], offset: float) -> None:
        self._pipe, far = _FORK.Pipe()
        self._process = _FORK.Process(
            target=_run, args=(far, config, dict(environment), offset), daemon=True
        )
        self._process.start()
        far.close()
        assert self._pipe.poll(READY_SECONDS), "the controller does not start"
        trouble = self._pipe.recv()
        if trouble:
            self.kill()
        assert not trouble, trouble

    def ask(self, offset: float, deadline: float) -> None:
        """Ask for a tick, and do not wait for it.

        Args:
            offset: As above.
            deadline: Seconds that tmux may take for an answer.
        """
        self._pipe.send((offset, deadline))

    def answered(self, seconds: float) -> bool:
        """Wait so long at most for the tick; returns whether it is done."""
        return self._pipe.poll(seconds)

    def take(self) -> Seen:
        """What the tick told."""
        seen = self._pipe.recv()
        assert isinstance(seen, Seen)
        return seen

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


class _Clock:
    """The machine's clock, put forward or back."""

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def __call__(self) -> datetime:
        return clock() + timedelta(seconds=self.offset)


class _Defects(logging.Handler):
    """Keeps what the loop logs of a defect."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.last = "".join(traceback.format_exception(*record.exc_info))


def _run(pipe: Connection, config: Path, environment: dict[str, str], offset: float) -> None:
    now, defects = _Clock(offset), _Defects()
    logging.getLogger().handlers.clear()
    logging.getLogger("controller.loop").addHandler(defects)
    try:
        app = build(load_settings(config, environment), environment, clock=now)
        app.lock()
        loop = app.loop(lambda _: None)
    except BaseException:
        pipe.send(traceback.format_exc())
        raise
    calls = _count_calls(app)
    saves = _count_saves(app)
    pipe.send("")
    while True:
        try:
            now.offset, deadline = pipe.recv()
        except EOFError:
            return
        assert isinstance(app.runtime, TmuxRuntime)
        app.runtime._client._server.deadline = deadline
        before, saved = len(calls), len(saves)
        tick = loop._tick()
        seen = _seen(tick, now(), len(calls) - before, len(saves) > saved, defects.last)
        pipe.send(seen)


def _count_calls(app: App) -> list[int]:
    """Grows with every process of tmux that is begun."""
    calls: list[int] = []
    assert isinstance(app.runtime, TmuxRuntime)
    server = app.runtime._client._server
    run = server._run

    def counted(*args: str, **more: Any) -> object:
        calls.append(1)
        return run(*args, **more)

    server._run = counted  # type: ignore[method-assign, assignment]
    return calls


def _count_saves(app: App) -> list[int]:
    """Grows with every transaction of the store."""
    saves: list[int] = []
    write = app.store._write

    def counted(*args: Any) -> None:
        saves.append(1)
        write(*args)

    app.store._write = counted  # type: ignore[method-assign, assignment]
    return saves


def _seen(tick: Tick | None, now: datetime, calls: int, saved: bool, defect: str) -> Seen:
    if tick is None:
        return Seen(now, {}, False, False, (), 0, saved, None, None, {}, calls, defect or "?")
    sessions = tick.observed.sessions if tick.observed else {}
    return Seen(
        now=tick.now,
        errors=tick.errors,
        fresh=tick.fresh,
        planned=tick.plan is not None,
        outcomes=tick.outcomes,
        wrote=tick.wrote,
        saved=saved,
        requeue_at=tick.plan.requeue_at if tick.plan else None,
        report=tick.report,
        living={run: session.alive for run, session in sessions.items()},
        calls=calls,
    )
