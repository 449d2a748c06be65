"""What an agent is: a family of programs that are started alike and end alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from controller.core.errors import TerminalError
from controller.core.exits import Exit
from controller.core.facts import Facts
from controller.core.observed import Report, Result
from controller.core.workload import Workload

BUSY = "AgentBusy"
"""The reason why an answer cannot be typed just now: look again in a moment."""
SCREEN_LINES = 60
"""Of a terminal's screen, to be looked at: all of one that nobody made larger."""
Event = Mapping[str, Any]
"""A JSON object of an agent's stream, as it printed it."""


class AgentError(TerminalError):
    """An agent cannot be started as the settings describe it."""


def no_such_mode(agent: str, mode: str, why: str) -> AgentError:
    """The error that tells that an agent cannot be connected in the way that a row wants."""
    text = f"{agent} has no {mode} mode: {why}; empty the row's Mode, or choose another Agent"
    return AgentError("ModeUnavailable", text)


class Mode(StrEnum):
    """How an agent is connected to its session."""

    INTERACTIVE = "interactive"
    """On the session's terminal, so that a person may step in."""
    HEADLESS = "headless"
    """Behind a pipe; what it prints is shown in the session."""


class Permission(StrEnum):
    """What an agent may do while nobody watches."""

    PLAN = "plan"
    """Read and think, change nothing."""
    EDITS = "edits"
    """Edit files inside the project's folder, and run what is allowed by name."""
    ALL = "all"
    """Anything, unasked: for containers that hold nothing else."""


class Stream(StrEnum):
    """Forms of the events that agents print, a JSON object a line."""

    CLAUDE = "claude"
    """Claude Code's stream-json; Qwen Code's too."""
    CODEX = "codex"
    GEMINI = "gemini"
    OPENCODE = "opencode"


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
        secrets: A file of more variables, where the session runs; empty for none.
        stream: The form of the events that a headless agent prints; None for plain text.
        files: Name → content of files that the run's folder holds besides (hooks' settings).
        hooks: Whether an interactive one's hooks tell of it.
        renamed: Variable → that of the controller's environment which is handed on as it.
    """

    argv: tuple[str, ...]
    mode: Mode
    prompt: str
    prompt_on_stdin: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()
    secrets: str = ""
    stream: Stream | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    hooks: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether events come at all: by its stream, or by its hooks."""
        return self.hooks or self.stream is not None


@dataclass(frozen=True, slots=True)
class Options:
    """What the settings say of an agent, whichever family it is of.

    Attributes:
        name: Its name in the settings, lower case.
        program: The program, on the session's PATH or absolute.
        home: The agent's own configuration folder; the user's is never touched.
        mode: How it is connected to its session.
        slots: Sessions that it may have at once.
        permission: What it may do unasked.
        allow: Commands that it may run besides, each the beginning of a command line (`npm test`).
        arguments: More arguments of its own, before the prompt.
        environment: Variables set for it.
        inherit: Variables handed on from the controller's environment.
        secrets: A file of more variables, which only its session reads; empty for none.
        base_url: The address of the API, where it is not the vendor's own; empty for that.
        preamble: What it is taught of the controller besides its prompt; empty for nothing.
        resume_prompt: What an interrupted conversation is told.
        config: Digest of its settings.
    """

    name: str
    program: str
    home: Path
    mode: Mode = Mode.HEADLESS
    slots: int = 2
    permission: Permission = Permission.EDITS
    allow: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()
    secrets: str = ""
    base_url: str = ""
    preamble: str = ""
    resume_prompt: str = "continue"
    config: str = ""


@dataclass(frozen=True, slots=True)
class Approach:
    """How an answer is given to an agent on its terminal.

    Attributes:
        keys: Pressed first, each by itself: characters, or names such as `Escape`.
        text: Then typed and sent; empty where the keys say all.
    """

    keys: tuple[str, ...] = ()
    text: str = ""


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
    def takes_ids(self) -> bool:
        """Whether a fresh conversation gets an id (a UUID) of our choice; else it tells its own."""
        ...

    @property
    def config(self) -> str:
        """Digest of the settings that shape its runs."""
        ...

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of variables that it is handed on from the controller's environment."""
        ...

    @property
    def logins(self) -> tuple[Path, ...]:
        """Files that hold what it signed in with; a change of one may mend a refused login."""
        ...

    @property
    def mode(self) -> Mode:
        """How it is connected to its session."""
        ...

    def in_mode(self, mode: Mode) -> Self:
        """The same agent, connected to its session in this way.

        Raises:
            AgentError: `ModeUnavailable`: it cannot be.
        """
        ...

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """How the workload is started in a run whose folder is `run_folder`.

        Raises:
            AgentError: The settings of the agent and the workload do not fit.
        """
        ...

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:
        """Make its own configuration folder ready for a start; what a person set there stays.

        Args:
            workload: What is to be started.
            environment: The variables that the controller gives to the session.

        Raises:
            AgentError: It cannot be written.
        """
        ...

    def read(self, facts: Facts, event: Event) -> Facts:
        """Fold one more event of its stream, or of a hook, into what is known of a run.

        Whatever the event holds, nothing is raised: one that is not understood changes nothing.
        """
        ...

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """What the end of a run means, given the agent's newest report and its events."""
        ...


def as_it_ran(agent: Agent, *, interactive: bool) -> Agent:
    """An agent in the mode that one of its runs has, for a row may have wanted another."""
    mode = Mode.INTERACTIVE if interactive else Mode.HEADLESS
    try:
        return agent if agent.mode is mode else agent.in_mode(mode)
    except AgentError:  # its settings changed since
        return agent


@runtime_checkable
class Screened(Protocol):
    """An agent whose terminal can be read: the last resort, where none of its events tells."""

    @property
    def reticent(self) -> bool:
        """Whether its events do not tell of each turn that fails or is interrupted."""
        ...

    def look(self, facts: Facts, screen: str) -> Facts:
        """What a screen, its last lines as text, tells besides what is known of a run.

        Whatever it shows, nothing is raised: one that is not understood changes nothing.
        """
        ...

    def approach(self, screen: str, text: str) -> Approach:
        """How a person's answer is given to what the terminal shows.

        Raises:
            AgentError: Only at the terminal itself can that be decided; or `BUSY`.
        """
        ...
