"""Adoption: a tmux session that a person began becomes the session of a project.

The controller need not run; one that does finds the session at its next look, by its mark.
"""

import socket
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.app import App
from controller.core.actions import Plan, Start, Wait
from controller.core.desired import Desired
from controller.core.errors import NotFound, TransientError
from controller.core.faults import Fault, shorten
from controller.core.limits import Limits, Route
from controller.core.memory import ProjectMemory
from controller.core.names import as_argument, pick
from controller.core.observed import Observed, Sessions
from controller.core.words import Status
from controller.core.workload import folder_of, routes
from controller.layout import LOCK, clock
from controller.locks import held_by
from controller.parts.limits import build_limits
from controller.runs import records
from controller.runs.meta import Meta
from controller.runs.processes import read_process
from controller.runs.records import Record
from controller.runs.spec import Spec
from controller.runtimes.base import RuntimeFault, StartRequest, UnmarkedSession
from controller.tick import Tick

PATIENCE = 10.0
"""Seconds that the process which is to watch over the session may take to say that it does."""

_SHIM = "controller/shim/__main__.py"
_RECIPE = (
    "stop the controller (agents go on), type Pending, adopt, and start it again: "
    "while it runs, a row that may start gets a session of its own"
)


def adopt(app: App, session: str, name: str) -> str:
    """Let a session be the project's, whatever runs in it.

    Args:
        app: All parts.
        session: The session's name.
        name: The project's name, or enough of it.

    Returns:
        What was done and what to know about it, for the person.

    Raises:
        NotFound: There is no such session or project, or they do not go together now.
        SidekickError: The list, the runtime or the run's folder fails.
    """
    look = _look(app, name)
    found = app.runtime.unmarked(session)
    holder = held_by(app.settings.paths.state / LOCK)
    if holder and holder.host == socket.gethostname() and _is_below(holder.pid, found.pid):
        text = f"the controller itself runs in the session {found.name}, and would end with it"
        raise NotFound("SessionForbidden", text)
    own = _own_run(app, found)
    if own is not None:
        return _give_back(app, found, own, look)
    routed = look.route()
    meta = Meta(
        project=look.project,
        slug=look.member.slug,
        agent=routed.agent,
        folder=found.folder,
        words=look.member.words,
        created_at=look.now,
        config=look.limits.agents[routed.agent].config_in(look.desired.projects[look.project].mode),
        interactive=True,
    )
    ended = [s for s in look.observed.sessions.values() if s.name == meta.slug and not s.alive]
    app.runtime.remove(ended)
    _take(app, found, meta)
    return _told(look, found)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of the project before it gets the session."""

    project: str
    desired: Desired
    plan: Plan
    observed: Observed
    limits: Limits
    session: str
    now: datetime

    @property
    def member(self) -> ProjectMemory:
        return self.plan.memory.projects[self.project]

    def route(self) -> Route:
        """The agent in whose name the session works.

        Raises:
            NotFound: The project is not to have a session now.
        """
        verdict = self.plan.verdicts[self.project]
        project = self.desired.projects.get(self.project)
        if project is None or not verdict.accepted:
            text = f"the row of {self.project} must be mended first: {verdict.message}"
            raise NotFound(verdict.reason, text)
        self.check_free()
        ready = {a.project for a in self.plan.actions if isinstance(a, Start | Wait)}
        if self.project not in ready:
            status = f"{verdict.status}: " if verdict.status else ""
            text = f"{self.project} wants no session now ({status}{verdict.reason})"
            rests = verdict.status in {Status.PAUSED, Status.COMPLETED, Status.BLOCKED}
            how = _RECIPE if rests else verdict.message
            raise NotFound(verdict.reason, f"{text}: {how}")
        known = routes(project, self.member.pin, self.limits)
        assert not isinstance(known, Fault)  # its verdict would not be accepted
        return known[0]

    def check_free(self) -> None:
        """Let no second session be.

        Raises:
            NotFound: The project has one.
        """
        if self.session:
            raise NotFound(
                "SessionExists",
                f"{self.project} has a session already, {self.session}; type Paused into its "
                f"Status, and wait until that has ended; then {_RECIPE}",
            )


def _look(app: App, name: str) -> _Look:
    tick = app.reconciler.preview()
    if tick.desired is None:
        raise TransientError("Unavailable", tick.errors["read"])
    project = pick(name, _names(tick.desired))
    if tick.plan is None or tick.observed is None or tick.report is None:
        stage, message = next(iter(tick.errors.items()))
        raise TransientError("Unavailable", f"{stage}: {message}")
    return _Look(
        project, tick.desired, tick.plan, tick.observed,
        build_limits(app.settings, app.agents, app.fleet), _living(tick, project), tick.now,
    )  # fmt: skip


def _names(desired: Desired) -> list[str]:
    named = [*desired.projects, *(row.name for row in desired.invalid if row.name)]
    return list(dict.fromkeys(named))


def _living(tick: Tick, project: str) -> str:
    """The name of the project's living session, empty where it has none."""
    assert tick.report is not None
    views = (view for view in tick.report.projects if view.name == project)
    return next((view.session for view in views if view.alive), "")


def _take(app: App, found: UnmarkedSession, meta: Meta) -> None:
    """Make the run's folder, mark the session, and see that it is watched over."""
    settings = app.settings
    run = app.runs.new_id(clock())
    spec = Spec(
        argv=found.argv,
        folder=found.folder,
        mode="interactive",
        stdin=None,
        grace=settings.times.stop_grace,
        log_bytes=settings.retention.log_bytes,
        log_files=settings.retention.log_files,
    )
    folder = app.runs.create(run, spec, meta, "", {})
    try:
        app.runtime.adopt(found, StartRequest(run, meta.slug, folder))
    except NotFound:
        app.runs.discard(run)
        raise
    except RuntimeFault:
        # Whether it was done in spite of that, its mark tells; a run with a mark needs its folder.
        seen = app.runtime.observe()
        if isinstance(seen, Sessions) and all(session.run != run for session in seen.sessions):
            app.runs.discard(run)
        raise
    trouble = _wait_for_watch(folder)
    if trouble:
        app.runtime.release(found, run)
        app.runs.discard(run)
        raise TransientError("NotWatched", f"the session {found.name} is as it was: {trouble}")


def _wait_for_watch(folder: Path) -> str:
    """Wait until the session is watched over; why it is not, or nothing."""
    deadline = time.monotonic() + PATIENCE
    while not (folder / "started.json").exists():
        end = records.read_exit(folder)
        if end is not None:
            return "" if end.started_at else end.message
        if time.monotonic() > deadline:
            return f"nothing watches over it after {PATIENCE:g} s; is the machine overloaded?"
        time.sleep(0.01)
    return ""


def _is_below(pid: int, ancestor: int) -> bool:
    """Whether a process is another, or came from it."""
    while pid not in {0, ancestor}:
        process = read_process(pid)
        if process is None:
            return False
        pid = process.parent
    return pid == ancestor


def _own_run(app: App, found: UnmarkedSession) -> Record | None:
    """The living run whose shim is the session's process: it only lost its mark."""
    folder = Path(found.argv[-1])
    if folder.parent != app.runs.root or not any(word.endswith(_SHIM) for word in found.argv):
        return None
    app.runs.learn(folder.name)
    record = app.runs.look().get(folder.name)
    return record if record and record.exit is None else None


def _give_back(app: App, found: UnmarkedSession, record: Record, look: _Look) -> str:
    """Put the mark of its own run on a session that lost it."""
    if record.meta.project != look.project:
        raise NotFound(
            "SessionOurs",
            f"in the session {found.name} works the agent of {record.meta.project}, and of no "
            "other project",
        )
    look.check_free()
    folder = app.runs.root / record.id
    request = StartRequest(record.id, record.meta.slug, folder, pipe_output=False)
    app.runtime.adopt(found, request, watched=True)
    return f"{look.project} has its session {request.name} back (process {found.pid})"


def _told(look: _Look, found: UnmarkedSession) -> str:
    """What was done, and where the next session will work, if not here."""
    slug = look.member.slug
    line = (
        f"{look.project} has the session {slug} now, in which runs {shorten(' '.join(found.argv))} "
        f"(process {found.pid}); to sit down at it: sidekick attach "
        f"{as_argument(look.project)}"
    )
    folder = folder_of(look.project, slug, look.limits)
    if folder == found.folder:
        return line
    return (
        f"{line}\nit works in {found.folder}; later sessions of the project will in {folder}, "
        "unless config.yaml names another under projects"
    )
