"""The settings' form: every section and field of config.yaml, with its default and its unit."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
)

RESTART_SECTIONS = ("priority_source", "paths", "server")
"""What the parts are built with; a change of it counts only after a restart."""

Argument = str | tuple[str, ...]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]


class Section(BaseModel):
    """A part of config.yaml; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    watch_interval: PositiveFloat = Field(
        2.0, description="Seconds between looks at the file where its folder tells of no change."
    )
    encoding: str = Field("utf-8", description="The file's encoding; a BOM is understood.")


class SheetsSection(Section):
    """The list as a Google Sheet."""

    credentials_file: Path | None = Field(None, description="Key of a service account, JSON.")
    spreadsheet_name: str = Field("", description="The spreadsheet's title.")
    worksheet_name: str = Field("", description="The tab's title; empty for the first.")
    url: str = Field("", description="The spreadsheet's address; beats its title.")


class SourceSection(Section):
    """Where the list is."""

    type: SourceType = Field(
        SourceType.AUTO,
        description="`csv`, `sheets`, or `auto`: a sheet where one is configured, else the CSV.",
    )
    csv: CsvSection = CsvSection()
    sheets: SheetsSection = SheetsSection()


class AgentSection(Section):
    """An agent: a command line with the placeholders {prompt}, {prompt_file}, {project},
    {folder}, {model} and {conversation}. A list inside the list is left out where one of its
    placeholders is empty.
    """  # noqa: D205 - the list of placeholders takes two lines

    command: tuple[Argument, ...] = Field(
        min_length=1, description="Program and arguments; no shell sees them."
    )
    resume: tuple[Argument, ...] = Field(
        (), description="The same to go on with {conversation}; empty where the agent cannot."
    )
    mode: Literal["headless", "interactive"] = Field(
        "headless", description="Behind a pipe, or on the session's terminal."
    )
    slots: PositiveInt = Field(2, description="Sessions that it may have at once.")
    prompt_on_stdin: bool = Field(False, description="The prompt is its standard input.")
    environment: dict[str, str] = Field({}, description="Variables that are set for it.")
    pass_environment: tuple[str, ...] = Field(
        (), description="Variables handed on from the controller's own environment."
    )


class RouteSection(Section):
    """Which agent works for a word in the Model column."""

    agent: Name = Field(description="A name under `agents`.")
    model: str = Field("", description="The model id that the agent is told ({model}).")


class ServerSection(Section):
    """The HTTP server: /metrics, /healthz, /readyz, and the API."""

    host: Literal["127.0.0.1", "::1", "localhost"] = Field(
        "127.0.0.1", description="The address it listens on; loopback only."
    )
    port: int = Field(9600, ge=0, le=65535, description="0 for any free port.")


class PathsSection(Section):
    """Folders, relative to config.yaml."""

    state: Path = Field(Path("state"), description="Memory, locks.")
    logs: Path = Field(Path("logs"), description="The controller's log.")
    runs: Path = Field(Path("runs"), description="A folder a run: its record and output.")
    workspaces: Path = Field(Path("workspaces"), description="Folders of projects without one.")
    schemas: Path = Field(Path("schemas"), description="The JSON Schemas.")
    socket: Path | None = Field(
        None, description="tmux's socket; by default in the user's runtime directory."
    )


class TimesSection(Section):
    """Times, in seconds."""

    tick: PositiveFloat = Field(10.0, description="Between two ticks when nothing wakes it.")
    stop_grace: PositiveFloat = Field(10.0, description="From SIGTERM to SIGKILL of an agent.")
    waiting_keeps_slot: PositiveFloat = Field(
        600.0, description="After which an agent that waits for a person gives up its slot."
    )
    ended_screens: PositiveFloat = Field(
        3600.0, description="That an ended session's screen is kept."
    )
    min_run_time: NonNegativeFloat | None = Field(
        None,
        description="That an agent works before a more important project may take its place; "
        "by default 300, and 5 in demo mode.",
    )
    demo_work: PositiveFloat = Field(12.0, description="That the demo agent works, about.")


class RetentionSection(Section):
    """How much of what is over is kept."""

    days: PositiveFloat = Field(30.0, description="Days that an ended run's folder is kept.")
    bytes: PositiveInt = Field(2_000_000_000, description="Bytes of all ended runs together.")
    log_bytes: PositiveInt = Field(10_485_760, description="Bytes of one output.log.")
    log_files: PositiveInt = Field(2, description="Files that a run's output is rotated through.")


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
    slots: PositiveInt = Field(4, description="Sessions at once.")
    gpus: int = Field(1, ge=0, description="GPUs to give out, as CUDA_VISIBLE_DEVICES.")
    default_agent: Name = Field("claude", description="Where neither Agent nor Model says one.")
    resume_prompt: str = Field("continue", description="What an interrupted agent is told.")
    agents: dict[Name, AgentSection] = Field({}, description="Name → how it is started.")
    models: dict[str, RouteSection] = Field({}, description="The Model column's word → route.")
    projects: dict[str, Path] = Field(
        {}, description="Project → folder; one without gets workspaces/<slug>/."
    )
    paths: PathsSection = PathsSection()
    times: TimesSection = TimesSection()
    retention: RetentionSection = RetentionSection()
    server: ServerSection = ServerSection()
    log_level: LogLevel = Field(LogLevel.INFO, description="How much is logged.")

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
