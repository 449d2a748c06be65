"""Watches over one running agent until nothing of it is left."""

import os
import time

from controller.shim import child
from controller.shim.folder import RunFolder
from controller.shim.output import Output
from controller.shim.record import Ending, write_started
from controller.shim.session import Session
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, signal
from controller.shim.stops import Stop, find_stop
from controller.shim.tree import PATIENCE, Sweep, reap
from controller.shim.wakes import Wakes

TICK = 1.0
"""Seconds between two looks at what wakes nobody: a log that grows, a stop on a file system
without notices. A look takes 0.2 ms (measured), so 100 idle sessions take 2 % of a core."""


def supervise(
    folder: RunFolder,
    spec: Spec,
    wakes: Wakes,
    outer: int,
    agent: int,
    started_at: float,
    reader: int | None,
) -> int:
    """See a running agent to its end, and write the records.

    Args:
        folder: The run's folder.
        spec: What runs.
        wakes: What wakes this process.
        outer: The outer shim's pid.
        agent: The agent's pid and group.
        started_at: When it had exec'ed, in seconds since the epoch.
        reader: The pipe with its output, None where it writes to the terminal.

    Returns:
        The exit status that the pane's process shall have.
    """
    session = Session(spec.headless, outer, wakes)
    wakes.watch_folder(folder.fd)
    output = Output(folder, spec) if reader is None else _stream(folder, spec, wakes, reader)
    write_started(folder, outer, agent, started_at)
    ending = Supervisor(folder, spec, wakes, output, agent).run(session)
    ending.started_at = started_at
    if reader is None:
        child.take_terminal(os.getpgrp())
    ending.write(folder)
    output.close()
    return ending.code


def end_before_start(folder: RunFolder, spec: Spec, wakes: Wakes, outer: int) -> int:
    """Write the record of a run whose end was wanted before it began.

    Args:
        folder: The run's folder.
        spec: What would have run.
        wakes: What wakes this process.
        outer: The outer shim's pid.

    Returns:
        The exit status that the pane's process shall have.
    """
    stop = find_stop(folder)
    ending = Ending("stop" if stop else Session(spec.headless, outer, wakes).cause(None))
    ending.stop = stop.content if stop else None
    ending.write(folder)
    return ending.code


class Supervisor:
    """Waits for the agent's end or the request for it, and then ends all that is left.

    Args:
        folder: The run's folder.
        spec: What runs.
        wakes: What wakes it.
        output: The agent's output.
        agent: The agent's pid and group.
    """

    def __init__(
        self, folder: RunFolder, spec: Spec, wakes: Wakes, output: Output, agent: int
    ) -> None:
        self._folder = folder
        self._spec = spec
        self._wakes = wakes
        self._output = output
        self._agent = agent
        self._statuses: dict[int, int] = {}
        self._ended_at: float | None = None
        self._stop: Stop | None = None
        self._kill_at: float | None = None
        self._sweep: Sweep | None = None
        self._next_tick = time.monotonic() + TICK

    def run(self, session: Session) -> Ending:
        """Return once the agent has ended and no process of the run is left.

        Args:
            session: What is around the run.

        Returns:
            How it ended.
        """
        while self._collect():
            self._output.pump()
            self._wakes.wait(self._act())
        output = self._output.end()
        status = self._statuses[self._agent]
        ending = Ending("stop" if self._stop else session.cause(status))
        ending.status = status
        ending.stop = self._stop.content if self._stop else None
        ending.ended_at = self._ended_at or time.time()
        ending.leftovers = len(self._sweep.met) if self._sweep else 0
        ending.output = output
        return ending

    def _collect(self) -> bool:
        """Collect what ended and set going what was stopped; False once nothing is left."""
        left, stopped = reap(self._statuses)
        if self._agent in self._statuses:
            self._ended_at = self._ended_at or time.time()
        elif self._agent in stopped:
            # Nobody could type `fg` to an agent that Ctrl-Z, or a look at the terminal from the
            # background, has stopped.
            child.take_terminal(self._agent)
            self._signal(signal.SIGCONT)
        return left

    def _act(self) -> float:
        """Do what is due.

        Returns:
            Seconds until it wants to be called again, at the latest.
        """
        now = time.monotonic()
        if now >= self._next_tick:
            self._next_tick = now + TICK
            self._wakes.stirred = True
            self._output.tick()
        due = self._next_tick - now
        if self._sweep is None:
            if self._ended_at is not None:
                self._sweep = Sweep(PATIENCE, self._agent)
            elif self._kill_at is None:
                self._ask()
            elif now >= self._kill_at:
                self._sweep = Sweep(0, self._agent)
        if self._sweep is not None:
            return min(due, self._sweep.press())
        return due if self._kill_at is None else min(due, self._kill_at - now)

    def _ask(self) -> None:
        """Ask the agent to end, where somebody wants that."""
        if self._wakes.stirred:
            self._wakes.stirred = False
            self._stop = find_stop(self._folder)
        if self._stop or self._wakes.told:
            grace = self._stop.grace if self._stop else None
            self._kill_at = time.monotonic() + (self._spec.grace if grace is None else grace)
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with Suppress(OSError):
            os.killpg(self._agent, number)


def _stream(folder: RunFolder, spec: Spec, wakes: Wakes, reader: int) -> Output:
    # Interactive runs do without these modules.
    from controller.shim.pane import Pane
    from controller.shim.render import Plain
    from controller.shim.stream import Stream

    return Stream(folder, spec, Pane(Plain(), wakes), wakes, reader)
