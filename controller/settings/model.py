"""The settings' form: every section and field of config.yaml, with its default and its unit."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr

from controller.log.forms import LogFormat
from controller.settings.agents import (
    PREAMBLE,
    AgentSection,
    BudgetsSection,
    PriceSection,
    RouteSection,
)
from controller.settings.base import (
    Bytes,
    Count,
    MaybePause,
    MaybeSpan,
    Name,
    Pause,
    Section,
    Span,
)
from controller.settings.notifications import NotificationsSection

RESTART_SECTIONS = ("priority_source", "paths", "server", "tmux", "log_format")
"""What the parts are built with; a change of it counts only after a restart."""

ServerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=253)]


class SourceType(StrEnum):
    """Which list is the desired state."""

    AUTO = "auto"
    CSV = "csv"
    SHEETS = "sheets"


class CsvSection(Section):
    """The list as a CSV file."""

    file: Path = Field(
        Path("desired/priorities.csv"), description="The file, relative to config.yaml."
    )
    watch_interval: Pause = Field(
        2.0, description="Seconds between looks at the file where its folder tells of no change."
    )
    encoding: str = Field("utf-8", description="The file's encoding; a BOM is understood.")
    editor_wait: MaybePause = Field(
        60.0,
        description="Seconds that a write waits at most while an editor has the file open "
        "(LibreOffice, vim, nano, emacs); 0 for not at all.",
    )
    backups: int = Field(
        20,
        ge=0,
        le=10_000,
        description="Versions of the file that are kept in `state/backups`, of those that you "
        "saved and the controller wrote into; 0 for none.",
    )


class SheetsSection(Section):
    """The list as a Google Sheet."""

    credentials_file: Path | None = Field(None, description="Key of a service account, JSON.")
    spreadsheet_name: str = Field("", description="The spreadsheet's title.")
    worksheet_name: str = Field("", description="The tab's title; empty for the first.")
    url: str = Field(
        "", description="The spreadsheet's address, or its key alone; beats its title."
    )
    poll_interval: float = Field(
        60.0, ge=10.0, le=86_400.0, description="Seconds between two reads of the sheet."
    )
    endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+)?$",
        description="Another address than Google's for its API: a gateway of your own.",
    )


class SourceSection(Section):
    """Where the list is."""

    type: SourceType = Field(
        SourceType.AUTO,
        description="`csv`, `sheets`, or `auto`: a sheet where one is configured, else the CSV.",
    )
    csv: CsvSection = CsvSection()
    sheets: SheetsSection = SheetsSection()


class ServerSection(Section):
    """The HTTP server: /metrics, /healthz, /readyz, and the API."""

    host: str = Field(
        "127.0.0.1",
        description="The address it listens on; off loopback (0.0.0.0) reading needs the token.",
    )
    port: int = Field(9600, ge=0, le=65535, description="0 for any free port.")
    names: tuple[ServerName, ...] = Field(
        (), description="Names besides localhost under which it may be asked, without port."
    )


class PathsSection(Section):
    """Folders, relative to config.yaml."""

    state: Path = Field(Path("state"), description="Memory, locks.")
    logs: Path = Field(Path("logs"), description="The controller's log.")
    runs: Path = Field(Path("runs"), description="A folder a run: its record and output.")
    workspaces: Path = Field(Path("workspaces"), description="Folders of projects without one.")
    homes: Path = Field(Path("homes"), description="The agents' own configuration, a folder each.")
    schemas: Path = Field(Path("schemas"), description="The JSON Schemas.")
    socket: Path | None = Field(
        None, description="tmux's socket; by default in the user's runtime directory."
    )


class TmuxServer(StrEnum):
    """Who runs the tmux server."""

    OWN = "own"
    EXTERNAL = "external"


class TmuxSection(Section):
    """The tmux server that the sessions are in."""

    server: TmuxServer = Field(
        TmuxServer.OWN,
        description="`own`: the controller starts it. `external`: `python -m controller.host` runs "
        "it elsewhere, in another container for example, on the socket of `paths.socket`; the "
        "controller never starts one, and sees the sessions' processes by the runs' folders alone.",
    )


class TimesSection(Section):
    """Times, in seconds."""

    tick: Pause = Field(10.0, description="Between two ticks when nothing wakes it.")
    stop_grace: Pause = Field(10.0, description="From SIGTERM to SIGKILL of an agent.")
    waiting_keeps_slot: Span = Field(
        600.0, description="After which an agent that waits for a person gives up its slot."
    )
    ended_screens: Span = Field(3600.0, description="That an ended session's screen is kept.")
    min_run_time: MaybeSpan | None = Field(
        None,
        description="That an agent works before a more important project may take its place; "
        "by default 300, and 5 in demo mode.",
    )
    hung: Span = Field(
        1800.0,
        description="Without output or event, after which a headless agent counts as hung: it is "
        "ended as if it had crashed, and goes on where it was.",
    )
    demo_work: Pause = Field(12.0, description="That the demo agent works, about.")


class RetentionSection(Section):
    """How much of what is over is kept."""

    days: float = Field(
        30.0, gt=0, le=36_500, description="Days that an ended run's folder is kept."
    )
    bytes: Bytes = Field(2_000_000_000, description="Bytes of all ended runs together.")
    log_bytes: Bytes = Field(10_485_760, description="Bytes of one output.log.")
    log_files: int = Field(
        2, gt=0, le=1_000, description="Files that a run's output is rotated through."
    )


class Isolation(StrEnum):
    """Where a project works that has a folder of its own."""

    NONE = "none"
    WORKTREE = "worktree"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Settings(Section):
    """Everything that can be set."""

    priority_source: SourceSection = SourceSection()
    demo: bool = Field(
        False, description="Run the demo agent in place of every real one; no credit is spent."
    )
    slots: Count = Field(4, description="Sessions at once.")
    gpus: int = Field(1, ge=0, le=1_000, description="GPUs to give out, as CUDA_VISIBLE_DEVICES.")
    default_agent: Name = Field("claude", description="Where neither Agent nor Model says one.")
    resume_prompt: str = Field("continue", description="What an interrupted agent is told.")
    agents: dict[Name, AgentSection] = Field({}, description="Name → how it is started.")
    models: dict[str, RouteSection | tuple[RouteSection, ...]] = Field(
        {},
        description="The Model column's word → who works: one agent, or several, of which the "
        "first that is not held, missing or off takes it.",
    )
    preamble: str = Field(
        PREAMBLE, description="What every agent of a family is taught besides its prompt."
    )
    budgets: BudgetsSection = BudgetsSection()
    prices: dict[str, PriceSection] = Field(
        {}, description="Model id → what its tokens cost, for agents that do not say."
    )
    projects: dict[str, Path] = Field(
        {}, description="Project → folder; one without gets workspaces/<slug>/."
    )
    isolation: Isolation = Field(
        Isolation.NONE,
        description="Where a project under `projects` works: `none`, in its folder itself; "
        "`worktree`, in a git worktree of it, on a branch of its own (docs/isolation.md).",
    )
    project_isolation: dict[str, Isolation] = Field(
        {}, description="Project → its isolation, where not that of all."
    )
    paths: PathsSection = PathsSection()
    tmux: TmuxSection = TmuxSection()
    times: TimesSection = TimesSection()
    retention: RetentionSection = RetentionSection()
    server: ServerSection = ServerSection()
    notifications: NotificationsSection = NotificationsSection()
    log_level: LogLevel = Field(LogLevel.INFO, description="How much is logged.")
    log_format: LogFormat = Field(
        LogFormat.AUTO,
        description="The log's lines: `text`, printed on standard error; `json`, an object a line "
        "on standard output, for what collects logs; `auto`, text at a terminal, JSON elsewhere, "
        "as in the log's own file (docs/logs.md).",
    )

    def routes(self, model: str) -> tuple[RouteSection, ...]:
        """Who works for a word of the Model column, the preferred one first."""
        found = self.models[model]
        return (found,) if isinstance(found, RouteSection) else found

    @property
    def isolated(self) -> frozenset[str]:
        """Projects that work in a worktree of their folder."""
        return frozenset(
            name
            for name in self.projects
            if self.project_isolation.get(name, self.isolation) is Isolation.WORKTREE
        )

    _file: Path | None = PrivateAttr(None)

    @property
    def file(self) -> Path | None:
        """The file that they were read from."""
        return self._file

    def read_from(self, file: Path) -> "Settings":
        """The same settings, with the file that they were read from."""
        copy = self.model_copy()
        copy._file = file  # noqa: SLF001 - a copy of its own
        return copy
