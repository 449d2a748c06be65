"""What an agent is: a family of programs that are started alike and end alike."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from controller.core.errors import TerminalError
from controller.core.exits import Cause, Exit
from controller.core.observed import Ending, Report, ReportState, Result
from controller.core.workload import Workload


class AgentError(TerminalError):
    """An agent cannot be started as the settings describe it."""


class Mode(StrEnum):
    """How an agent is connected to its session."""

    INTERACTIVE = "interactive"
    """On the session's terminal, so that a person may step in."""
    HEADLESS = "headless"
    """Behind a pipe; what it prints is shown in the session."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a workload is started.

    Attributes:
        argv: The program and its arguments; no shell ever sees them.
        mode: How it is connected to its session.
        prompt: The text for the run's `prompt` file.
        prompt_on_stdin: Whether that file is the program's standard input.
        environment: Added to the session's environment.
        inherit: Names of variables that are handed on from the controller's environment.
    """

    argv: tuple[str, ...]
    mode: Mode
    prompt: str
    prompt_on_stdin: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()


class Agent(Protocol):
    """One agent, with its settings."""

    @property
    def name(self) -> str:
        """Its name in the settings, lower case."""
        ...

    @property
    def slots(self) -> int:
        """Sessions that it may have at once."""
        ...

    @property
    def real(self) -> bool:
        """Whether it costs credit."""
        ...

    @property
    def conversations(self) -> bool:
        """Whether it can go on with an earlier conversation."""
        ...

    @property
    def config(self) -> str:
        """Digest of the settings that shape its runs."""
        ...

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """How the workload is started in a run whose folder is `run_folder`.

        Raises:
            AgentError: The settings of the agent and the workload do not fit.
        """
        ...

    def judge(self, end: Exit, report: Report | None) -> Result:
        """What the end of a run means, given the agent's newest report."""
        ...


def judge_exit(end: Exit, report: Report | None) -> Result:
    """The judgement that holds for any program: by cause, then by its word, then by status."""

    def result(ending: Ending, reason: str, message: str) -> Result:
        return Result(ending, reason, message, end.ended_at, end.seconds, end.stop, end.status)

    match end.cause:
        case Cause.START:
            return result(Ending.FAULT, end.reason or "StartFailed", end.message)
        case Cause.LOST:
            text = end.message or "the process that watched over the agent was killed"
            return result(Ending.LOST, end.reason or "ShimLost", text)
        case Cause.SIGNAL:
            text = end.message or "its session, or the server of all sessions, was killed"
            return result(Ending.LOST, end.reason or "SessionKilled", text)
        case Cause.STOP:
            return result(Ending.STOPPED, "Stopped", end.message)
        case Cause.EXIT:
            pass
    if report is not None and report.state is ReportState.BLOCKED:
        return result(Ending.BLOCKED, "AgentBlocked", report.message)
    if end.status is None and end.signal is None:
        text = "it ended, and whether it is done is not known: type Completed, or Pending to go on"
        return result(Ending.BLOCKED, "ExitUnknown", text)
    if end.status == 0:
        said = report.message if report and report.state is ReportState.DONE else ""
        return result(Ending.COMPLETED, "Finished", said)
    return result(Ending.CRASHED, "Crashed", _how(end))


def _how(end: Exit) -> str:
    if end.signal is not None:
        try:
            name = signal.Signals(end.signal).name
        except ValueError:
            name = f"signal {end.signal}"
        how = f"killed by {name}"
    else:
        how = f"exit status {end.status}"
    last = next((line.strip() for line in reversed(end.tail) if line.strip()), "")
    return f"{how}: {last[:120]}" if last else how
