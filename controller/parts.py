"""The parts, each made of what the settings say of it."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from controller.actor import Terms
from controller.agents.base import Agent, Mode
from controller.agents.command import CommandAgent
from controller.agents.demo import NAME as DEMO
from controller.agents.demo import DemoAgent
from controller.core.desired import RowSchema
from controller.core.digest import digest
from controller.core.errors import TerminalError
from controller.core.limits import AgentLimits, Limits, Route
from controller.core.words import fold
from controller.fleet import Fleet
from controller.layout import SOCKET
from controller.runtimes.base import Runtime
from controller.runtimes.registry import runtime_class
from controller.runtimes.socket_path import default_socket
from controller.settings import Settings
from controller.sources.base import Source
from controller.sources.registry import source_class

SHIM = Path(__file__).resolve().parent / "shim" / "__main__.py"

MIN_RUN_TIME = 300.0
DEMO_MIN_RUN_TIME = 5.0
"""Seconds that an agent works before it may be pre-empted; the demo agent is done in a moment."""

SESSION_VARIABLES = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
)
"""What every session has in its environment; never a secret."""
AGENT_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"),
)
"""What every agent is handed on besides, by its run's own file: how to reach the network. A
proxy's address may hold a password."""


def read_row_schema(path: Path) -> RowSchema:
    """The schema that rows are held against.

    Raises:
        TerminalError: It is missing, no JSON, or no JSON Schema.
    """
    try:
        return RowSchema(json.loads(path.read_text(encoding="utf-8")), frozenset({DEMO}))
    except (OSError, ValueError) as error:
        raise TerminalError("SchemaUnavailable", f"{path}: {error}") from error
    except TerminalError as error:
        raise TerminalError(error.reason, f"{path}: {error.message}") from error


def build_source(settings: Settings, schema: RowSchema) -> Source:
    """The list that the settings name."""
    csv = settings.priority_source.csv
    here = Path.cwd()
    file = csv.file.relative_to(here) if csv.file.is_relative_to(here) else csv.file
    return source_class("csv")(file, encoding=csv.encoding, required=schema.required)


def build_runtime(
    settings: Settings,
    environment: Mapping[str, str],
    on_call: Callable[[str, str, float], None] = lambda *_: None,
) -> Runtime:
    """The place where sessions live: one private tmux server for each runs' folder.

    Args:
        settings: The settings, with absolute paths.
        environment: The process's environment.
        on_call: Told of every call to it: its command, its result, its seconds.
    """
    owner = digest(str(settings.paths.runs.resolve()))
    shown = {name: environment[name] for name in SESSION_VARIABLES if environment.get(name)}
    return runtime_class("tmux")(
        settings.paths.socket or _remembered_socket(settings.paths.state / SOCKET, owner),
        owner=owner,
        shim=(sys.executable, "-I", "-S", str(SHIM)),
        environment={"LANG": "C.UTF-8", "PATH": os.defpath, **shown},
        configuration=settings.paths.state / "tmux.conf",
        on_call=on_call,
    )


def _remembered_socket(note: Path, owner: str) -> Path:
    """The socket that was used before, as long as its folder is there (a reboot clears it).

    The default depends on the environment, which differs between a login, cron and sudo: all of
    them must find the same sessions.
    """
    try:
        known = Path(note.read_text(encoding="utf-8").strip())
        if known.is_absolute() and known.parent.is_dir():
            return known
    except OSError:
        pass
    socket = default_socket(owner)
    with suppress(OSError):  # without the note the default is found again where nothing differs
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        note.write_text(f"{socket}\n", encoding="utf-8")
    return socket


def build_agents(settings: Settings) -> dict[str, Agent]:
    """Every agent: those that the settings describe, and the demo."""
    agents: dict[str, Agent] = {DEMO: DemoAgent(settings.slots, settings.times.demo_work)}
    for name, section in settings.agents.items():
        agents[name] = CommandAgent(
            name=name,
            command=section.command,
            resume=section.resume,
            mode=Mode(section.mode),
            slots=section.slots,
            prompt_on_stdin=section.prompt_on_stdin,
            environment=section.environment,
            inherit=section.pass_environment,
            resume_prompt=settings.resume_prompt,
            config=digest(section.model_dump_json(exclude={"slots"})),
        )
    return agents


def build_terms(settings: Settings, environment: Mapping[str, str]) -> Terms:
    """The terms on which agents run."""
    return Terms(
        grace=settings.times.stop_grace,
        log_bytes=settings.retention.log_bytes,
        log_files=settings.retention.log_files,
        workspaces=settings.paths.workspaces,
        gpus=settings.gpus > 0,
        environment=environment,
        inherit=AGENT_VARIABLES,
    )


def build_limits(settings: Settings, agents: Mapping[str, Agent], fleet: Fleet) -> Limits:
    """What is allowed now."""
    return Limits(
        slots=settings.slots,
        agents={
            name: AgentLimits(agent.slots, agent.real, agent.conversations, agent.config)
            for name, agent in agents.items()
        },
        default_agent=settings.default_agent,
        gpus=settings.gpus,
        models={fold(name): Route(r.agent, r.model) for name, r in settings.models.items()},
        model_names=tuple(settings.models),
        demo_agent=DEMO if settings.demo else "",
        folders={name: str(path) for name, path in settings.projects.items()},
        workspaces=str(settings.paths.workspaces),
        suspension=fleet.suspension(),
        approved_prune=fleet.approved_prune(),
        waiting_keeps_slot=settings.times.waiting_keeps_slot,
        ended_pane_keeps=settings.times.ended_screens,
        min_run_time=_min_run_time(settings),
        notes=fleet.notes(),
    )


def _min_run_time(settings: Settings) -> float:
    given = settings.times.min_run_time
    if given is not None:
        return given
    return DEMO_MIN_RUN_TIME if settings.demo else MIN_RUN_TIME
