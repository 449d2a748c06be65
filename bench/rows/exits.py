"""How soon after an agent's exit the controller is awake, and has it in an observation."""

import json
import os
import random
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from bench.clock import Results, Samples, since
from bench.options import Options
from bench.project import Project, names, new_rows, settle
from bench.table import Line, counted, limited, versus
from bench.world import World, wait_for
from controller.app import App
from controller.core.observed import Observed, Unknown

AT_ONCE = 20
"""Sessions in one controller."""
CALM = 4.0
"""Seconds after its start from which on a run is like one that has worked for hours."""
MISSED = 2.0
"""Seconds after which an exit counts as missed: no timer of the loop would ever tell it."""
NEVER = 86_400.0
KERNEL = "pidfd (kernel)"
REST = 0.05
"""Seconds without a tick after which the loop is at rest."""


def measure(options: Options) -> Iterator[Line]:
    """Median and p99, the missed, and the floor: when the kernel told of the exit."""
    number = options.rounds_of(500, quick=6)
    woken: list[float] = []
    seen: list[float] = []
    told: list[float] = []
    missed = 0
    while len(seen) + missed < number:
        options.say(f"{len(seen) + missed} of {number}")
        batch = min(AT_ONCE, number - len(seen) - missed)
        for exit_ in _batch(batch):
            if exit_.known is None or exit_.seen is None:
                missed += 1
            else:
                told.append(exit_.kernel)
                woken.append(exit_.seen)
                seen.append(exit_.known)
    if seen:
        ours = Samples(tuple(seen))
        awake = Samples(tuple(woken))
        results = Results({"ours": ours, "awake": awake, KERNEL: Samples(tuple(told))})
        yield limited("exit", "agent's exit → seen: the loop awake, median", awake, awake.median, 5)
        yield limited("exit", "agent's exit → seen: the loop awake, p99", awake, awake.p99, 20)
        yield versus("exit", "agent's exit → seen: the loop awake", results, KERNEL, ours="awake")
        yield versus("exit", "agent's exit → in an observation", results, KERNEL)
    yield counted("exit", f"exits missed, of {number}", missed, 0, "missed")


class _Exit(NamedTuple):
    """One exit, in milliseconds: the kernel told of it, the loop was awake, its end was known."""

    kernel: float
    seen: float | None
    known: float | None


class _Watched:
    """An observer's look, through which every observation is seen as soon as it is there.

    Args:
        app: Whose.
    """

    def __init__(self, app: App) -> None:
        self._look = app.observer.look
        self._wait = app.wakes.wait
        self._woken: float | None = None
        self._ended: dict[str, float] = {}
        self._changed = threading.Condition()
        self._rested_since: float | None = None

    def look(self) -> Observed | Unknown:
        """The real look, and the time of every end that is new in it."""
        with self._changed:
            self._rested_since = None
        observed = self._look()
        at = time.perf_counter()
        if isinstance(observed, Observed):
            with self._changed:
                for run in observed.runs.values():
                    if run.result is not None:
                        self._ended.setdefault(run.project, at)
                self._changed.notify_all()
        return observed

    def wait(self, seconds: float) -> None:
        """The real wait, and the time of the first wake since a rest."""
        self._wait(seconds)
        with self._changed:
            self._woken = self._woken or time.perf_counter()

    def arm(self) -> None:
        """From here on a wake counts."""
        with self._changed:
            self._woken = None

    def woken(self) -> float | None:
        """When the loop woke first since then."""
        with self._changed:
            return self._woken

    def after(self, _tick: object) -> None:
        """The tick is over, and the loop waits again."""
        with self._changed:
            self._rested_since = time.monotonic()

    def at_rest(self) -> bool:
        """Whether the loop has been waiting for a while."""
        with self._changed:
            since = self._rested_since
        return since is not None and time.monotonic() - since > REST

    def ended(self, project: str, seconds: float) -> float | None:
        """When the end of a project's run was first seen; None where it was not in time."""
        with self._changed:
            self._changed.wait_for(lambda: project in self._ended, seconds)
            return self._ended.get(project)


def _batch(number: int) -> Iterator[_Exit]:
    """So many exits, one by one.

    The agent is `cat` on a pipe of ours: when the pipe is opened and closed it exits with 0.
    """
    with World() as world:
        gates = world.root / "gates"
        gates.mkdir()
        for name in names(number):
            os.mkfifo(gates / name)
        argv = ("cat", str(gates / "{project}"))
        project = Project(world, slots=number, argv=argv, times={"tick": NEVER})
        app = project.build()
        project.save(new_rows(names(number)))
        runs = settle(app).runs.values()
        time.sleep(CALM)
        started = {run.project: app.runs.root / run.id / "started.json" for run in runs}
        watched = _Watched(app)
        with (
            mock.patch.object(app.observer, "look", watched.look),
            mock.patch.object(app.wakes, "wait", watched.wait),
        ):
            loop = app.loop(watched.after)
            thread = threading.Thread(target=loop.run, daemon=True)
            thread.start()
            try:
                for name in names(number):
                    yield _one(watched, name, gates / name, started[name])
            finally:
                loop.stop()
                thread.join(30)


def _one(watched: _Watched, name: str, gate: Path, started: Path) -> _Exit:
    pid = int(json.loads(started.read_bytes())["pid"])
    wait_for("the loop's rest", watched.at_rest)
    time.sleep(random.random() / 100)  # noqa: S311 - any moment is as good as another
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        opened = os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
        watched.arm()
        began = time.perf_counter()
        os.close(opened)
        if not poll.poll(MISSED * 1000):
            raise TimeoutError(f"the agent {pid} did not exit")
        kernel = since(began)
    finally:
        os.close(descriptor)
    known, seen = watched.ended(name, MISSED), watched.woken()
    return _Exit(kernel, *(None if at is None else (at - began) * 1000 for at in (seen, known)))
