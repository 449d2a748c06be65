"""The composition root: the only place that knows all the parts."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.actor import Actor, Terms
from controller.agents.base import Agent, Mode
from controller.agents.command import CommandAgent
from controller.agents.demo import NAME as DEMO
from controller.agents.demo import DemoAgent
from controller.core.desired import RowSchema
from controller.core.digest import digest
from controller.core.errors import TerminalError
from controller.core.limits import AgentLimits, Limits, Route
from controller.core.words import fold
from controller.fleet import APPROVED, SUSPENDED, Fleet
from controller.housekeeping import Housekeeping
from controller.locks import Lock
from controller.loop import Loop
from controller.metrics import Metrics
from controller.observer import Observer
from controller.reconciler import Reconciler, Tick
from controller.runs.folders import RunFolders
from controller.runtimes.base import Runtime
from controller.runtimes.registry import runtime_class
from controller.runtimes.socket_path import default_socket
from controller.server import Server
from controller.settings import Settings
from controller.sources.base import Source
from controller.sources.registry import source_class
from controller.store import Store
from controller.wakes import Wakes

SHIM = Path(__file__).resolve().parent / "shim" / "__main__.py"
LOCK = "controller.lock"
DATABASE = "sidekick.db"
SOCKET = "socket"
ROW_SCHEMA = "row.schema.json"

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


def clock() -> datetime:
    """The time, in the local zone."""
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class App:
    """All parts, put together.

    Attributes are the parts.
    """

    settings: Settings
    source: Source
    runtime: Runtime
    runs: RunFolders
    fleet: Fleet
    store: Store
    metrics: Metrics
    reconciler: Reconciler
    observer: Observer
    wakes: Wakes
    locks: tuple[tuple[Lock, str], ...]

    def lock(self) -> None:
        """Take the place of the one controller of this state and this list.

        Raises:
            AlreadyRunning: Another has it.
        """
        for lock, what in self.locks:
            lock.acquire(what)

    def loop(self, after: Callable[[Tick], None]) -> Loop:
        """The loop over the reconciler."""
        housekeeping = Housekeeping(
            self.settings.retention, self.runs, self.fleet, self.wakes, after
        )
        return Loop(
            self.reconciler, self.wakes, self.settings.times.tick, clock, housekeeping.after
        )

    def serve(self, loop: Loop) -> Server:
        """The server that shows the loop.

        Raises:
            ServerUnavailable: Its address cannot be listened on.
        """
        section = self.settings.server
        server = Server(
            section.host,
            section.port,
            self.metrics.registry,
            healthy=loop.healthy,
            ready=lambda: loop.ready,
            faults=lambda: loop.report.errors if loop.report else {},
        )
        server.start()
        self.reconciler.server = server.url
        return server

    def close(self) -> None:
        """Give everything back; agents keep working."""
        self.wakes.close()
        self.store.close()
        self.source.close()
        for lock, _ in self.locks:
            lock.release()


def build(settings: Settings, environment: Mapping[str, str], *, readonly: bool = False) -> App:
    """Put the parts together.

    Args:
        settings: The settings, with absolute paths.
        environment: The process's environment.
        readonly: For a look only: no memory is made or changed.

    Raises:
        SidekickError: A part cannot be had; the message says which and why.
    """
    paths = settings.paths
    schema = read_row_schema(paths.schemas / ROW_SCHEMA)
    source = build_source(settings, schema)
    agents = build_agents(settings)
    runs = RunFolders(paths.runs)
    runs.load()
    runtime = build_runtime(settings, environment)
    fleet = Fleet(paths.state)
    store = Store(paths.state / DATABASE, clock, readonly=readonly)
    state_words = (paths.state, frozenset({SUSPENDED, APPROVED}))
    csv = settings.priority_source.csv
    wakes = Wakes(source.watched, (state_words,), csv.watch_interval)
    wakes.keep_runs(frozenset(runs.root / run for run in runs.unfinished()))
    metrics = Metrics()
    observer = Observer(runtime, runs, agents)
    terms = Terms(
        grace=settings.times.stop_grace,
        log_bytes=settings.retention.log_bytes,
        log_files=settings.retention.log_files,
        workspaces=paths.workspaces,
        gpus=settings.gpus > 0,
        environment=environment,
        inherit=AGENT_VARIABLES,
    )
    reconciler = Reconciler(
        source=source,
        observer=observer,
        actor=Actor(runtime, runs, agents, terms, metrics, wakes.watch_run),
        store=store,
        schema=schema,
        limits=lambda: build_limits(settings, agents, fleet),
        metrics=metrics,
        clock=clock,
    )
    return App(
        settings, source, runtime, runs, fleet, store, metrics, reconciler, observer, wakes,
        _locks(settings, source),
    )  # fmt: skip


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


def build_runtime(settings: Settings, environment: Mapping[str, str]) -> Runtime:
    """The place where sessions live: one private tmux server for each runs' folder."""
    owner = digest(str(settings.paths.runs.resolve()))
    shown = {name: environment[name] for name in SESSION_VARIABLES if environment.get(name)}
    return runtime_class("tmux")(
        settings.paths.socket or _remembered_socket(settings.paths.state / SOCKET, owner),
        owner=owner,
        shim=(sys.executable, "-I", "-S", str(SHIM)),
        environment={"LANG": "C.UTF-8", "PATH": os.defpath, **shown},
        configuration=settings.paths.state / "tmux.conf",
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
    )


def _locks(settings: Settings, source: Source) -> tuple[tuple[Lock, str], ...]:
    state = Lock(settings.paths.state / LOCK), f"the state in {settings.paths.state}"
    if source.watched is None:
        return (state,)
    file = source.watched.resolve()
    return (state, (Lock(file.with_name(f".{file.name}.lock")), f"the list {source.name}"))
