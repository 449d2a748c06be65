"""Watches over one running agent until nothing of it is left."""

import gc
import posix
import time

from controller.redaction import Redactor
from controller.shim import child
from controller.shim.folder import RunFolder
from controller.shim.notices import are_certain, notice_files
from controller.shim.output import Output
from controller.shim.record import Ending
from controller.shim.session import Session
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, signal
from controller.shim.stops import Stop, find_stop
from controller.shim.tree import PATIENCE, Sweep, reap
from controller.shim.wakes import Wakes

TICK = 1.0
"""Seconds between two looks at a log that grows, and for a stop where no notice is sure to come."""

REST = 30.0
"""Seconds between two looks where nothing goes on and a notice will tell. A hundred runs at rest
take 0.05 % of a core (measured), where a look a second takes 1.5 %."""

_NEVER = float("inf")


def supervise(
    folder: RunFolder,
    spec: Spec,
    outer: int,
    agent: int,
    started_at: float,
    outputs: list[int],
    redactor: Redactor,
) -> int:
    """See a running agent to its end, and write the records.

    Args:
        folder: The run's folder.
        spec: What runs.
        outer: The outer shim's pid.
        agent: The agent's pid and group.
        started_at: When it had exec'ed, in seconds since the epoch.
        outputs: A headless agent's pipes, an interactive one's log.
        redactor: Knows the agent's secrets.

    Returns:
        The exit status that the pane's process shall have.
    """
    wakes = Wakes()
    session = Session(spec.headless, outer, wakes)
    if spec.headless:
        output = _stream(folder, spec, wakes, outputs, redactor)
    else:
        output = Output(folder, spec, outputs[0], redactor)
    # Only now: collecting garbage takes longer than all of the start makes of it.
    gc.freeze()
    gc.enable()
    ending = Supervisor(folder, spec, wakes, output, agent).run(session)
    ending.started_at = started_at
    if not spec.headless:
        child.take_terminal(posix.getpgrp())
    if ending.cause in ("exit", "stop"):
        _measure(folder, spec, wakes)
    ending.write(folder)
    output.close()
    return ending.code


def end_before_start(folder: RunFolder, spec: Spec, outer: int, alone: bool) -> int:
    """Write the record of a run whose end was wanted before it began.

    Args:
        folder: The run's folder.
        spec: What would have run.
        outer: The outer shim's pid.
        alone: Whether the outer shim is gone already.

    Returns:
        The exit status that the pane's process shall have.
    """
    stop = find_stop(folder)
    wakes = Wakes()
    wakes.told |= alone
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
        self._kill_at = _NEVER
        self._sweep: Sweep | None = None
        self._noticed = notice_files(folder.fd) and are_certain(folder.fd)
        self._next_look = 0.0

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
        if now >= self._next_look or self._wakes.stirred:
            self._look(now)
        due = min(self._next_look - now, TICK if self._output.lags else REST)
        if self._sweep is None:
            if self._ended_at is not None:
                self._sweep = Sweep(PATIENCE, self._agent)
            elif self._kill_at == _NEVER:
                self._ask()
            elif now >= self._kill_at:
                self._sweep = Sweep(0, self._agent)
        if self._sweep is not None:
            return min(due, self._sweep.press())
        return min(due, self._kill_at - now)

    def _look(self, now: float) -> None:
        """Look at the folder, and choose when to look again."""
        self._wakes.stirred = False  # first, for the next notice may come at once
        if now >= self._next_look:
            rests = self._output.tick() and self._noticed and self._kill_at == _NEVER
            self._next_look = now + (REST if rests else TICK)
        else:
            # A notice of growth comes once; the log itself is looked at on time.
            self._next_look = min(self._next_look, now + TICK)
        if self._ended_at is not None:
            return
        stop = find_stop(self._folder)
        if self._kill_at == _NEVER:
            self._stop = stop
        elif stop:
            # What came first says why it ends; a later request may want it sooner.
            self._hurry(stop)

    def _ask(self) -> None:
        """Ask the agent to end, where somebody wants that."""
        if self._stop or self._wakes.told:
            self._hurry(self._stop)
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)

    def _hurry(self, stop: Stop | None) -> None:
        """Kill when the request's grace is over, unless that is to be sooner already."""
        grace = self._spec.grace if stop is None or stop.grace is None else stop.grace
        self._kill_at = min(self._kill_at, time.monotonic() + grace)
        self._next_look = min(self._next_look, time.monotonic() + TICK)

    def _signal(self, number: int) -> None:
        with Suppress(OSError):
            posix.killpg(self._agent, number)


def _measure(folder: RunFolder, spec: Spec, wakes: Wakes) -> None:
    """See what git sees in the agent's folder; then nothing of that is left either."""
    from controller.shim.work import record_work

    with Suppress(Exception):  # whatever it is, the record of the end must be written
        record_work(folder, spec)
    Sweep(0).finish(wakes, {})


def _stream(
    folder: RunFolder, spec: Spec, wakes: Wakes, readers: list[int], redactor: Redactor
) -> Output:
    # Interactive runs do without these modules, and those that print no events without the last.
    from controller.shim.pane import Pane
    from controller.shim.stream import Stream

    events = None
    if spec.stream:
        from controller.shim.events import Events

        events = Events(folder, spec, spec.stream)
    return Stream(folder, spec, Pane(wakes), wakes, readers, redactor, events)
