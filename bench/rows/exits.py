"""How soon after an agent's exit the controller's loop has it in an observation."""

import json
import os
import random
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path
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
MISSED = 2.0
"""Seconds after which an exit counts as missed: no timer of the loop would ever tell it."""
NEVER = 86_400.0
REST = 0.05
"""Seconds without a tick after which the loop is at rest."""


def measure(options: Options) -> Iterator[Line]:
    """Median and p99, the missed, and the floor: when the kernel told of the exit."""
    number = options.rounds_of(500, quick=6)
    seen: list[float] = []
    told: list[float] = []
    missed = 0
    while len(seen) + missed < number:
        options.say(f"{len(seen) + missed} of {number}")
        batch = min(AT_ONCE, number - len(seen) - missed)
        for kernel, controller in _batch(batch):
            if controller is None:
                missed += 1
            else:
                told.append(kernel)
                seen.append(controller)
    if seen:
        ours = Samples(tuple(seen))
        results = Results({"ours": ours, "pidfd (kernel)": Samples(tuple(told))})
        yield limited("exit", "agent's exit → in an observation, median", ours, ours.median, 5)
        yield limited("exit", "agent's exit → in an observation, p99", ours, ours.p99, 20)
        yield versus("exit", "agent's exit → in an observation", results, "pidfd (kernel)")
    yield counted("exit", f"exits missed, of {number}", missed, 0, "missed")


class _Watched:
    """An observer's look, through which every observation is seen as soon as it is there.

    Args:
        app: Whose.
    """

    def __init__(self, app: App) -> None:
        self._look = app.observer.look
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


def _batch(number: int) -> Iterator[tuple[float, float | None]]:
    """So many exits, one by one: milliseconds until the kernel and until the controller has it.

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
        started = {run.project: app.runs.root / run.id / "started.json" for run in runs}
        watched = _Watched(app)
        with mock.patch.object(app.observer, "look", watched.look):
            loop = app.loop(watched.after)
            thread = threading.Thread(target=loop.run, daemon=True)
            thread.start()
            try:
                for name in names(number):
                    yield _one(watched, name, gates / name, started[name])
            finally:
                loop.stop()
                thread.join(30)


def _one(watched: _Watched, name: str, gate: Path, started: Path) -> tuple[float, float | None]:
    pid = int(json.loads(started.read_bytes())["pid"])
    wait_for("the loop's rest", watched.at_rest)
    time.sleep(random.random() / 100)  # noqa: S311 - any moment is as good as another
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        opened = os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
        began = time.perf_counter()
        os.close(opened)
        if not poll.poll(MISSED * 1000):
            raise TimeoutError(f"the agent {pid} did not exit")
        kernel = since(began)
    finally:
        os.close(descriptor)
    at = watched.ended(name, MISSED)
    return kernel, None if at is None else (at - began) * 1000
