"""The backend: what the server's threads may ask of the controller, and how.

A look answers from what the newest tick left. What touches the parts is handed to the loop, whose
thread alone uses them.
"""

import threading
from collections.abc import Callable, Mapping

from controller.core.detail import PlanView, ProjectDetail, ScreenView
from controller.core.errors import NotFound, TransientError
from controller.core.events import Entry
from controller.core.names import pick
from controller.core.planview import view_action, view_outcomes, view_plan
from controller.core.report import Report
from controller.core.words import fold
from controller.detail import EVENTS, SCREEN_LINES, Folders, Histories, detail, screen
from controller.fleet import Fleet
from controller.loop import Loop
from controller.orders import Orders
from controller.reconciler import Reconciler
from controller.store import Journal


class LoopBackend:
    """The controller behind its server.

    Args:
        loop: Runs the ticks.
        reconciler: What the loop runs.
        orders: Makes who gives the user's words; used by the loop's thread only.
        fleet: Words about the whole fleet.
        journal: The events, for this object alone.
        folders: Where runs are read from, for a project's history.
        screen: A run's screen, given how many lines; used by the loop's thread only.
    """

    def __init__(
        self,
        loop: Loop,
        reconciler: Reconciler,
        orders: Callable[[], Orders],
        fleet: Fleet,
        journal: Journal,
        folders: Folders,
        screen: Callable[[str, int], str | None],
    ) -> None:
        self._loop = loop
        self._reconciler = reconciler
        self._orders = orders
        self._fleet = fleet
        self._journal = journal
        self._journal_lock = threading.Lock()
        self._folders = folders
        self._histories = Histories(folders)
        self._screen = screen

    def healthy(self) -> bool:
        """Whether the loop makes progress."""
        return self._loop.healthy()

    def ready(self) -> bool:
        """Whether the list was read and the sessions were seen."""
        return self._loop.ready

    def faults(self) -> Mapping[str, str]:
        """Stage → what failed in the newest tick."""
        report = self._loop.report
        return report.errors if report else {}

    def report(self) -> Report | None:
        """The newest report; None before the first tick ended."""
        return self._loop.report

    def revision(self) -> int:
        """A number that grows whenever the board or the journal changed."""
        return self._reconciler.revision

    def events(self, *, after: int = 0, project: str | None = None, last: int = 100) -> list[Entry]:
        """The newest events behind a place in the journal, the oldest first."""
        with self._journal_lock:
            return self._journal.read(after=after, project=project, last=last)

    def plan(self) -> PlanView:
        """What the next tick would do."""
        tick = self._loop.look(self._reconciler.preview)
        return view_plan(tick.plan, tick.errors, tick.now)

    def describe(self, name: str) -> ProjectDetail:
        """Everything about one project, as the newest tick left it.

        Raises:
            NotFound: No such project, or several.
            TransientError: There was no tick yet.
        """
        # First of all: what is read after it may be newer than it says, and never older.
        revision = self.revision()
        report, plan = self._loop.report, self._loop.plan
        if report is None:
            raise TransientError("NotReady", "the list was not read yet; ask again in a moment")
        full = pick(name, [project.name for project in report.projects if project.name])
        project = next(one for one in report.projects if one.name == full)
        actions = plan.actions if plan else ()
        views = [view_action(action) for action in actions if action.project == full]
        events = self.events(project=full, last=EVENTS)
        runs = self._histories.of(project, revision)
        return detail(project, runs, events, self._folders, views)

    def screen(self, name: str) -> ScreenView:
        """What a project's newest run shows.

        Args:
            name: The project's full name.

        Raises:
            NotFound: No such project.
        """
        report = self._loop.report
        projects = report.projects if report else ()
        project = next((one for one in projects if one.name == name), None)
        if project is None:
            raise NotFound("NotFound", f"no project {name!r}")
        run = project.run if project.alive else ""
        live = self._loop.look(lambda: self._screen(run, SCREEN_LINES)) if run else None
        return screen(project, live, self._folders)

    def reconcile(self) -> PlanView:
        """Make a tick now; what it did."""
        tick = self._loop.ask_tick()
        return view_outcomes(tick.plan, tick.outcomes, tick.errors, tick.now)

    def pause(self, name: str, message: str) -> str:
        """Stop a project, keep its conversation; returns its full name."""
        return self._loop.ask(lambda: self._orders().pause(name, message))

    def resume(self, name: str, message: str) -> str:
        """Let a paused or blocked project go on; returns its full name."""
        return self._loop.ask(lambda: self._orders().resume(name, message))

    def restart(self, name: str, message: str) -> str:
        """End a project's run and start it again; returns its full name."""
        return self._loop.ask(lambda: self._orders().restart(name, message))

    def answer(self, name: str, text: str) -> str:
        """Give a waiting agent its answer; returns the project's full name."""
        return self._loop.ask(lambda: self._orders().answer(name, text))

    def release(self, agent: str) -> str:
        """Let an agent that is held work again; returns its name.

        Raises:
            NotFound: The settings have no such agent.
        """
        report = self._loop.report
        known = {one.name for one in report.agents} if report else set()
        if (name := fold(agent)) not in known:
            raise NotFound("UnknownAgent", f"no agent {agent}")
        self._loop.ask(lambda: self._fleet.release(name, self._reconciler.now()))
        return name

    def suspend(self, message: str) -> None:
        """Let the whole fleet rest."""
        self._loop.ask(lambda: self._fleet.suspend(self._reconciler.now(), message))

    def resume_fleet(self) -> bool:
        """Let the fleet go on; returns whether it rested."""
        return self._loop.ask(self._fleet.resume)

    def approve_prune(self, digest: str) -> str:
        """Let the sessions of the rows that vanished at once end; returns the plan's digest.

        Raises:
            NotFound: Nothing is blocked, or another plan is.
        """

        def approve() -> str:
            report = self._loop.report
            blocked = report.prune if report else ""
            if not blocked:
                raise NotFound("NothingBlocked", "no rows vanished that wait for a word")
            if digest != blocked:
                raise NotFound("PlanChanged", f"the plan changed: it is {blocked} now")
            self._fleet.approve_prune(blocked)
            return blocked

        return self._loop.ask(approve)
