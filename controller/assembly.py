"""The composition root: the only place that knows all the parts."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from controller import layout
from controller.actor import Actor
from controller.agents.base import Agent
from controller.app import App
from controller.fleet import ANSWERS, APPROVED, NOTES, RELEASED, SUSPENDED, Fleet
from controller.keeper import Keeper
from controller.metrics import Metrics
from controller.notifier import Notifier
from controller.notify.dispatcher import Dispatcher
from controller.observer import Observer
from controller.parts.agents import build_agents, build_terms
from controller.parts.limits import build_limits
from controller.parts.locks import build_locks
from controller.parts.notifications import build_wishes
from controller.parts.redactor import build_redactor
from controller.parts.runtime import build_runtime
from controller.parts.sources import build_source, read_row_schema
from controller.preparer import Preparer
from controller.reconciler import Reconciler
from controller.reload import Reload
from controller.runs.folders import RunFolders
from controller.runs.stream import Fold
from controller.runtimes.base import Runtime
from controller.settings import Settings, load_settings
from controller.settings.kept import keep
from controller.settings.model import TmuxServer
from controller.sources.approval import NOTE as SOURCE_KIND
from controller.sources.approval import ApprovedSource
from controller.sources.editors import lock_names
from controller.steady import Steady
from controller.store import Journal, Store
from controller.wakes import Wakes


def build(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    readonly: bool = False,
    clock: Callable[[], datetime] = layout.clock,
    runtime: Runtime | None = None,
) -> App:
    """Put the parts together.

    Args:
        settings: The settings, with absolute paths.
        environment: The process's environment.
        readonly: For a look only: no memory is made or changed.
        clock: The time, with its zone.
        runtime: What runs the sessions; None for what the settings name.

    Raises:
        SidekickError: A part cannot be had; the message says which and why.
    """
    with ExitStack() as opened:
        app = _build(settings, environment, readonly, clock, runtime, opened)
        opened.pop_all()
        return app


def _build(
    settings: Settings,
    environment: Mapping[str, str],
    readonly: bool,
    clock: Callable[[], datetime],
    runtime: Runtime | None,
    opened: ExitStack,
) -> App:
    """The parts; what must be closed where a later one cannot be had is in `opened`."""
    paths = settings.paths
    schema = read_row_schema(paths.schemas / layout.ROW_SCHEMA)
    metrics = Metrics()
    listed = build_source(settings, schema, environment, metrics.asked_google)
    source = opened.enter_context(closing(ApprovedSource(listed, paths.state, readonly=readonly)))
    agents = build_agents(settings)
    external = settings.tmux.server is TmuxServer.EXTERNAL
    runs = RunFolders(paths.runs, lambda name: _fold_of(agents, name), external)
    runs.load()
    runtime = runtime or build_runtime(settings, environment, metrics.called)
    fleet = Fleet(paths.state)
    steady = Steady()
    database = paths.state / layout.DATABASE
    store = opened.enter_context(closing(Store(database, clock, readonly=readonly)))
    words = [(paths.state, frozenset({SUSPENDED, APPROVED, NOTES, ANSWERS, RELEASED, SOURCE_KIND}))]
    if settings.file is not None:
        words.append((settings.file.parent, frozenset({settings.file.name})))
    wakes = Wakes(
        source.watched,
        words,
        settings.priority_source.csv.watch_interval,
        _editor_locks(source.watched),
    )
    opened.callback(wakes.close)
    wakes.keep_runs(frozenset(runs.root / run for run in runs.unfinished()))
    redactor = build_redactor(settings, environment)
    observer = Observer(runtime, runs, agents, redact=redactor.text, readonly=readonly)
    preparer = Preparer(runs, agents, build_terms(settings, environment), wakes.watch_run)
    actor = Actor(runtime, runs, agents, preparer, metrics)

    wishes = build_wishes(settings, environment, redactor.text)
    dispatcher = Dispatcher(
        wishes.mailing, count=metrics.notified, know=redactor.know, wake=wakes.wake, clock=clock
    )
    notifier = Notifier(wishes, dispatcher, metrics.notified)
    keeper = Keeper(store, notifier)

    def use(new: Settings) -> None:
        known = build_agents(new)  # raises where one cannot be had; those before stay then
        agents.clear()
        agents.update(known)
        preparer.terms = build_terms(new, environment)
        redactor.learn(build_redactor(new, environment))
        notifier.use(build_wishes(new, environment, redactor.text))
        logging.getLogger().setLevel(new.log_level.value)
        keep(new)

    reload = Reload(settings, lambda path: load_settings(path, environment), use)
    reconciler = Reconciler(
        source=source,
        observer=observer,
        actor=actor,
        keeper=keeper,
        schema=schema,
        limits=lambda: build_limits(
            reload.settings, agents, fleet, environment, steady.since(clock())
        ),
        reload=reload,
        notifier=notifier,
        metrics=metrics,
        clock=clock,
    )
    return App(
        reload, source, runtime, runs, fleet, store, Journal(database), agents,
        metrics, reconciler, observer, notifier, keeper, wakes,
        build_locks(settings.paths.state, source.watched, source.name),
        redactor, clock,
    )  # fmt: skip


def _fold_of(agents: Mapping[str, Agent], name: str) -> Fold | None:
    """What the events of an agent mean; None where the settings of the moment forgot it."""
    agent = agents.get(name)
    return agent.read if agent else None


def _editor_locks(file: Path | None) -> frozenset[str]:
    return lock_names(file.name) | lock_names(file.resolve().name) if file else frozenset()
