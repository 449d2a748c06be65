"""The composition root: the only place that knows all the parts."""

import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from controller.actor import Actor
from controller.agents.base import Agent
from controller.backend import LoopBackend
from controller.detail import Folders
from controller.fleet import APPROVED, NOTES, SUSPENDED, Fleet
from controller.housekeeping import Housekeeping
from controller.layout import DATABASE, LOCK, ROW_SCHEMA, TOKEN, clock
from controller.locks import Lock
from controller.loop import Loop
from controller.metrics import Metrics
from controller.observer import Observer
from controller.orders import Orders
from controller.parts import (
    build_agents,
    build_limits,
    build_runtime,
    build_source,
    build_terms,
    read_row_schema,
)
from controller.reconciler import Reconciler
from controller.reload import Reload
from controller.runs.folders import RunFolders
from controller.runtimes.base import Runtime
from controller.settings import Settings, load_settings
from controller.sources.approval import NOTE as SOURCE_KIND
from controller.sources.approval import ApprovedSource
from controller.sources.base import Source
from controller.store import Journal, Store
from controller.tick import Tick
from controller.wakes import Wakes

if TYPE_CHECKING:
    from controller.server import Server


@dataclass(frozen=True, slots=True)
class App:
    """All parts, put together.

    Attributes are the parts.
    """

    reload: Reload
    source: Source
    runtime: Runtime
    runs: RunFolders
    fleet: Fleet
    store: Store
    journal: Journal
    agents: Mapping[str, Agent]
    metrics: Metrics
    reconciler: Reconciler
    observer: Observer
    wakes: Wakes
    locks: tuple[tuple[Lock, str], ...]

    @property
    def settings(self) -> Settings:
        """Those in use; they may change while the controller runs."""
        return self.reload.settings

    def lock(self) -> None:
        """Take the place of the one controller of this state and this list.

        Raises:
            AlreadyRunning: Another has it.
        """
        # Whoever is seen to hold the lock is woken by this signal, which ends a process that is not
        # prepared for it; a wake before the first tick says nothing new.
        with suppress(ValueError):  # only the main thread may; no other is a controller's
            signal.signal(signal.SIGUSR1, _sleep_on)
        for lock, what in self.locks:
            lock.acquire(what)

    def loop(self, after: Callable[[Tick], None]) -> Loop:
        """The loop over the reconciler."""
        housekeeping = Housekeeping(
            lambda: self.settings.retention, self.runs, self.fleet, self.wakes, after
        )
        return Loop(
            self.reconciler,
            self.wakes,
            lambda: self.settings.times.tick,
            clock,
            housekeeping.after,
        )

    def serve(self, loop: Loop) -> "Server":
        """The server that shows the loop.

        Raises:
            ServerUnavailable: Its address cannot be listened on.
        """
        from controller.server import Server, is_loopback, read_token  # no command needs it

        section = self.settings.server
        server = Server(
            section.host,
            section.port,
            self.metrics.exposition,
            self._backend(loop),
            token=read_token(self.settings.paths.state / TOKEN),
            open_reading=is_loopback(section.host),
        )
        server.start()
        self.reconciler.server = server.url
        return server

    def orders(self) -> Orders:
        """Who writes the user's words where the user would have written them."""
        grace = self.settings.times.stop_grace
        return Orders(self.source, self.runs, self.fleet, grace, clock)

    def _backend(self, loop: Loop) -> LoopBackend:
        return LoopBackend(
            loop,
            self.reconciler,
            self.orders,
            self.fleet,
            self.journal,
            Folders(self.runs.root, self.agents),
        )

    def close(self) -> None:
        """Give everything back; agents keep working."""
        self.journal.close()
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
    source = ApprovedSource(build_source(settings, schema), paths.state, readonly=readonly)
    agents = build_agents(settings)
    runs = RunFolders(paths.runs)
    runs.load()
    metrics = Metrics()
    runtime = build_runtime(settings, environment, metrics.called)
    fleet = Fleet(paths.state)
    store = Store(paths.state / DATABASE, clock, readonly=readonly)
    words = [(paths.state, frozenset({SUSPENDED, APPROVED, NOTES, SOURCE_KIND}))]
    if settings.file is not None:
        words.append((settings.file.parent, frozenset({settings.file.name})))
    wakes = Wakes(source.watched, words, settings.priority_source.csv.watch_interval)
    wakes.keep_runs(frozenset(runs.root / run for run in runs.unfinished()))
    observer = Observer(runtime, runs, agents)
    actor = Actor(
        runtime, runs, agents, build_terms(settings, environment), metrics, wakes.watch_run
    )

    def use(new: Settings) -> None:
        agents.clear()
        agents.update(build_agents(new))
        actor.terms = build_terms(new, environment)
        logging.getLogger().setLevel(new.log_level.value)

    reload = Reload(settings, lambda path: load_settings(path, environment), use)
    reconciler = Reconciler(
        source=source,
        observer=observer,
        actor=actor,
        store=store,
        schema=schema,
        limits=lambda: build_limits(reload.settings, agents, fleet),
        reload=reload,
        metrics=metrics,
        clock=clock,
    )
    return App(
        reload, source, runtime, runs, fleet, store, Journal(paths.state / DATABASE), agents,
        metrics, reconciler, observer, wakes,
        _locks(settings, source),
    )  # fmt: skip


def _sleep_on(_number: int, _frame: FrameType | None) -> None:
    """Nothing waits yet that could be woken."""


def _locks(settings: Settings, source: Source) -> tuple[tuple[Lock, str], ...]:
    state = Lock(settings.paths.state / LOCK), f"the state in {settings.paths.state}"
    if source.watched is None:
        return (state,)
    file = source.watched.resolve()
    return (state, (Lock(file.with_name(f".{file.name}.lock")), f"the list {source.name}"))
