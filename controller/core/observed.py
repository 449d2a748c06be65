"""What really runs: sessions as a runtime sees them, runs as their folders tell them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from controller.core.facts import NO_FACTS, Facts
from controller.core.work import Work

RESTART = "Restart"
"""The reason in a stop request after whose end the project starts again at once, in its slot."""
HUNG = "Hung"
"""The reason in the stop request of a run that printed and told nothing for too long."""
TROUBLED = "AgentTrouble"
"""The reason in the stop request of a run on a terminal that cannot go on, and does not end by
itself: what its trouble is, its events tell."""
PREEMPTED = "Preempted"
"""The reason in the stop request of a run that gives way to a more important project."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that carries our mark.

    Attributes:
        id: The runtime's own handle; valid within one observation only.
        name: The name a person attaches to.
        run: The id of the run that the mark names.
        alive: False once the session's process is gone and only its screen remains.
        pid: The process in the session (the shim), 0 where unknown.
        watched: False where whoever watched over an adopted process is gone, and it lives on.
        activity: Time of the last output, seconds since the epoch, 0 where unknown. Sessions
            that differ in it alone are equal: output by itself is no reason to plan anew, its
            absence has a time of its own.
    """

    id: str
    name: str
    run: str
    alive: bool
    pid: int = 0
    activity: int = field(default=0, compare=False)
    watched: bool = True


@dataclass(frozen=True, slots=True)
class Sessions:
    """The runtime answered: these marked sessions exist, and no other.

    Attributes:
        sessions: Every session with our mark, in the runtime's order.
        server: Identity of the answering server; ids of another server mean nothing.
    """

    sessions: tuple[Session, ...]
    server: str = ""


@dataclass(frozen=True, slots=True)
class NoServer:
    """The runtime definitely has no server, so no session exists."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The runtime could not be observed; no action is permitted.

    Attributes:
        reason: CamelCase.
        message: What failed and what to do, for a person.
    """

    reason: str
    message: str


Observation = Sessions | NoServer | Unknown


@dataclass(frozen=True, slots=True)
class Words:
    """The user's own words that a run works on; a change of one restarts it.

    Attributes:
        action: Digest of the Next Action cell.
        agent: The user's word in the Agent cell, empty where there is none.
        model: The Model cell.
    """

    action: str
    agent: str = ""
    model: str = ""


class Ending(StrEnum):
    """How a run ended, as its agent's family judges it."""

    COMPLETED = "Completed"
    CRASHED = "Crashed"
    BLOCKED = "Blocked"
    STOPPED = "Stopped"
    FAULT = "Fault"
    """It never ran: a program or a folder is missing."""
    LOST = "Lost"
    """The surroundings took it: a killed server, session or shim, a reboot."""
    WAITING = "Waiting"
    """Its turn is over, and a person must say how it goes on."""
    HELD = "Held"
    """The agent itself cannot work: its limit is reached, its login refused."""
    UNAVAILABLE = "Unavailable"
    """The service behind the agent failed."""
    FORGOTTEN = "Forgotten"
    """The agent does not know the conversation any more."""


@dataclass(frozen=True, slots=True)
class StopRequest:
    """A request to end a run.

    Attributes:
        by: `user` or `controller`: on whose account.
        reason: CamelCase.
        message: For a person; empty where there is nothing more to say.
        at: When it was written; None where that is not known. No part of what it says.
    """

    by: str
    reason: str
    message: str = ""
    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a run.

    Attributes:
        ending: What it means.
        reason: CamelCase, more precise than `ending`.
        message: For a person, one sentence.
        at: When it ended.
        seconds: How long the agent ran; 0 where it never did.
        stop: The request to end that it followed, or None.
        status: The agent's exit status; None where it has none.
        until: When what kept the agent from its work is over, as far as that was said.
    """

    ending: Ending
    reason: str
    message: str
    at: datetime
    seconds: float = 0.0
    stop: StopRequest | None = None
    status: int | None = None
    until: datetime | None = None


class ReportState(StrEnum):
    """What an agent says of itself."""

    WORKING = "working"
    WAITING = "waiting"
    DONE = "done"
    BLOCKED = "blocked"
    PROGRESS = "progress"
    NEXT = "next"
    """What it would do next, for the user to take over or not."""


@dataclass(frozen=True, slots=True)
class Report:
    """The newest report of an agent.

    Attributes:
        state: What it says of itself.
        message: Its words.
        at: When.
    """

    state: ReportState
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an agent, as its folder tells it.

    Attributes:
        id: Unique, sorts by time of creation.
        project: The project's name.
        slug: The name of its session and default folder.
        agent: The agent that ran.
        folder: The folder it worked in.
        words: The user's words that it works on.
        created_at: When the folder was made.
        conversation: The conversation's id, empty where the agent keeps none.
        begun: The conversation existed before this run.
        demo: Whether the demo agent stood in for a real one.
        config: Digest of the settings that shaped it.
        gpus: Indices of the GPUs that it holds.
        started_at: When the agent had exec'ed; None before.
        report: The newest report of the agent's state.
        progress: The newest report of its progress.
        proposal: The newest Next Action that it proposes.
        stop: The request to end it, or None.
        result: How it ended; None while it lasts.
        facts: What the agent's own events tell.
        interactive: The agent is on the session's terminal, so that a person may type to it.
        tells: The agent's events are to be had.
        answered: The id of the newest answer of a person's that it was given.
        branch: The branch of its worktree; empty where it works in the project's own folder.
        model: The model id that the agent was told; empty for its default.
        work: What git saw in its folder at the end; None where that is not known.
        adopted: A person began it, and it became the project's.
    """

    id: str
    project: str
    slug: str
    agent: str
    folder: str
    words: Words
    created_at: datetime
    conversation: str = ""
    begun: bool = False
    demo: bool = False
    config: str = ""
    gpus: tuple[int, ...] = ()
    started_at: datetime | None = None
    report: Report | None = None
    progress: Report | None = None
    proposal: Report | None = None
    stop: StopRequest | None = None
    result: Result | None = None
    facts: Facts = NO_FACTS
    interactive: bool = False
    tells: bool = False
    answered: str = ""
    branch: str = ""
    model: str = ""
    work: Work | None = None
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything seen in one tick.

    Attributes:
        sessions: Run id → session with our mark.
        runs: Run id → run, for every run whose folder is kept.
        server: Identity of the runtime's server, empty where there is none.
        guarded: Ids of unfinished runs whose session is gone and whose shim lives: it ends them.
    """

    sessions: Mapping[str, Session] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    server: str = ""
    guarded: frozenset[str] = frozenset()

    def renamed(self, names: Mapping[str, str]) -> "Observed":
        """The same with runs of renamed projects under their new names; names: old → new."""
        if not names:
            return self
        runs = {
            run_id: replace(run, project=names.get(run.project, run.project))
            for run_id, run in self.runs.items()
        }
        return replace(self, runs=runs)
