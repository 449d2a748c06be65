"""A case: one project on its way through the planner."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from controller.core.actions import Action, Remove, Stop, Verdict
from controller.core.attendance import adopt
from controller.core.ledger import Refusal
from controller.core.limits import Answer, Route
from controller.core.memory import ProjectMemory
from controller.core.observed import Observed, Run, Session
from controller.core.project import Project
from controller.core.spent import NOTHING_SPENT, Spent


@dataclass(slots=True, eq=False)
class Case:
    """What the planner gathers about one project.

    Attributes:
        name: The project's name.
        member: Its memory, as far as the planner has come.
        run: Its newest run; a living one before an ended one.
        session: The session of that run, alive or ended.
        screens: Ended sessions that bear its name.
        strays: Living sessions of it that carry our mark, and whose run's folder is gone.
        missing: Its newest run, whose folder is gone and whose end nobody told; empty for none.
        twins: Older runs of it that live too, which none should.
        lost: Older runs of whose end nobody told, and that have no session.
        project: Its row; None where that is invalid or gone.
        route: The agent that is to work.
        answer: What a person answered and the agent was not told yet.
        held: Why that agent starts nothing now; None where it may.
        stands_in: The demo agent stands in for a real one.
        wants: Whether it wants to run.
        billed: What its run spent that ended and was not counted yet.
        guarded: Its session is gone, and its shim is there to end what ran in it.
        verdict: What its row is to say.
        actions: What is to be done for it.
    """

    name: str
    member: ProjectMemory
    run: Run | None
    session: Session | None
    screens: tuple[Session, ...] = ()
    strays: tuple[Session, ...] = ()
    missing: str = ""
    twins: tuple[Run, ...] = ()
    lost: tuple[Run, ...] = ()
    project: Project | None = None
    route: Route | None = None
    answer: Answer | None = None
    held: Refusal | None = None
    stands_in: bool = False
    wants: bool = False
    billed: Spent = NOTHING_SPENT
    guarded: bool = False
    verdict: Verdict | None = None
    actions: list[Action] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """An agent runs, as far as anybody knows."""
        return self.run is not None and _lives(self.run, self.session)

    @property
    def vanished(self) -> bool:
        """The session is gone and nobody told how the run ended."""
        return self.run is not None and self.run.result is None and not self.alive

    @property
    def holds(self) -> bool:
        """A process of it may still live, so that no other may start."""
        return self.alive or self.vanished or bool(self.strays or self.missing)

    def stop(self, by: str, reason: str, message: str, kind: type[Stop] = Stop) -> None:
        """Ask a living run to end, once: the first reason stands."""
        asked = {action.run for action in self.actions if isinstance(action, Stop)}
        if self.alive and self.run and self.run.stop is None and self.run.id not in asked:
            self.actions.append(kind(self.name, self.run.id, by, reason, message, self.session))

    def end_strays(self, reason: str, message: str) -> None:
        """End sessions whose run's folder is gone: nothing else can ask them to."""
        if self.strays and not any(isinstance(action, Remove) for action in self.actions):
            self.actions.append(Remove(self.strays, self.name, reason, message))


def open_cases(members: Mapping[str, ProjectMemory], observed: Observed) -> list[Case]:
    """A case for every known project, with its runs.

    A rename is noted on a project's newest run. One that was over before may bear the name of
    another project by now: a slug is for life, and tells whose it is.
    """
    owners = {member.slug: name for name, member in members.items()}
    runs: dict[str, list[Run]] = {}
    for run in observed.runs.values():
        if run.result is None or owners.get(run.slug, run.project) == run.project:
            runs.setdefault(run.project, []).append(run)
    screens: dict[str, tuple[Session, ...]] = {}
    strays: list[Session] = []
    for session in observed.sessions.values():
        known = observed.runs.get(session.run)
        if not session.alive or (known is not None and known.result is not None):
            screens[session.name] = (*screens.get(session.name, ()), session)
        elif known is None:
            strays.append(session)
    cases = []
    for name, member in members.items():
        case = _open(name, member, runs.get(name, []), observed)
        case.screens = screens.get(member.slug, ())
        case.guarded = case.run is not None and case.run.id in observed.guarded
        # By the run, for a person may have renamed the session; by the name, where memory is lost.
        case.strays = tuple(
            session
            for session in strays
            if member.run == session.run or member.slug == session.name
        )
        unknown = member.run not in observed.runs and member.settled != member.run
        case.missing = member.run if unknown and not case.strays else ""
        cases.append(case)
    return cases


def _open(name: str, member: ProjectMemory, runs: list[Run], observed: Observed) -> Case:
    own = observed.runs.get(member.run)
    if own is not None and own not in runs:
        runs = [*runs, own]
    sessions = observed.sessions
    runs = sorted(runs, key=lambda run: (_lives(run, sessions.get(run.id)), run.id))
    if not runs:
        return Case(name, member, None, None)
    newest = runs[-1]
    if member.run < newest.id:
        member = adopt(member, newest)
    elif member.run != newest.id:
        member = replace(member, run=newest.id)
    older = [run for run in runs[:-1] if run.result is None]
    twins = tuple(run for run in older if _lives(run, sessions.get(run.id)))
    lost = tuple(run for run in older if run not in twins)
    return Case(name, member, newest, sessions.get(newest.id), twins=twins, lost=lost)


def _lives(run: Run, session: Session | None) -> bool:
    return run.result is None and session is not None and session.alive
