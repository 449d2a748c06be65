"""Placement: who of those that want to run starts now, and with what."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Restart, Start, Stop, Wait
from controller.core.case import Case
from controller.core.ledger import Claim, Grant, Refusal
from controller.core.limits import Limits, Route
from controller.core.memory import ProjectMemory
from controller.core.observed import PREEMPTED, RESTART, Run, StopRequest
from controller.core.project import LAST_PRIORITY
from controller.core.prompts import with_answer
from controller.core.scheduler import schedule
from controller.core.spending import left
from controller.core.staff import Staff
from controller.core.work import standing
from controller.core.workload import Workload, folder_of, repository_of

BRANCHES = "sidekick"
"""Above the names of all branches that are ours."""
LEAVING_PATIENCE = timedelta(minutes=1)
"""How long a session that was asked to end counts as one that makes room."""


def place(cases: Sequence[Case], limits: Limits, staff: Staff, now: datetime) -> list[Start | Wait]:
    """Give leave to start, by importance, and say why not where there is none.

    Sessions that must give way to a more important project are asked to end.
    """
    wanting = sorted((case for case in cases if case.wants and not case.holds), key=_order)
    held = [case for case in wanting if case.held is not None]
    ready = [case for case in wanting if case.held is None]
    keepers = [case for case in ready if _keeps_slot(case)]
    resting = {case.name for case in ready if _rests(case, now)}
    settled = resting | {case.name for case in keepers}
    others = [case for case in ready if case.name not in settled]
    made = schedule(
        [claim for case in cases for claim in _held(case, limits, now)],
        [_wanted(case, limits, staff, now) for case in keepers],
        [_wanted(case, limits, staff, now) for case in others],
        limits,
        now,
    )
    _end_victims(cases, made.victims)
    actions: list[Start | Wait] = []
    for case in held:
        assert case.held is not None
        case.verdict = verdicts.refused(case.held, preempted=case.member.preempted)
        actions.append(Wait(case.name, case.held.reason, case.held.message, case.held.until))
    for case in ready:
        retry = case.member.retry
        if case.name in resting and retry:
            case.verdict = verdicts.resting(retry)
            actions.append(Wait(case.name, retry.reason, retry.message, retry.at))
            continue
        answer = made.answers[case.name]
        if isinstance(answer, Refusal):
            case.verdict = verdicts.refused(answer, preempted=case.member.preempted)
            actions.append(Wait(case.name, answer.reason, answer.message, answer.until))
        else:
            case.verdict = verdicts.STARTING
            actions.append(_start(case, answer, limits, staff))
    return actions


def _end_victims(cases: Iterable[Case], victims: Mapping[str, str]) -> None:
    for case in cases:
        if case.name in victims:
            text = f"{victims[case.name]} is more important and needs its place"
            case.stop("controller", PREEMPTED, text)
            if case.verdict:
                case.verdict = verdicts.stopping(case.verdict)


def _order(case: Case) -> tuple[int, bool, date, int]:
    """Priority; of one priority those that gave way before come first; then as the list has it."""
    assert case.project is not None
    priority, deadline, line = case.project.order
    return (priority, not case.member.preempted, deadline, line)


def _rests(case: Case, now: datetime) -> bool:
    retry = case.member.retry
    return retry is not None and retry.at > now


def _keeps_slot(case: Case) -> bool:
    """Between two runs of a restart, or of a crash, the slot stays the project's."""
    retry = case.member.retry
    return retry.keeps_slot if retry else case.member.restarts


def _restarts(stop: StopRequest) -> bool:
    return stop.reason == RESTART


def _held(case: Case, limits: Limits, now: datetime) -> list[Claim]:
    """What a project holds. A time further ahead than a wait means that the clock was put back:
    it counts as over, for nothing may wait until the clock comes by there again.
    """  # noqa: D205 - one sentence of two lines
    since = case.member.waiting_since
    idle = since is not None and abs((now - since).total_seconds()) >= limits.waiting_keeps_slot
    runs = [case.run, *case.twins] if case.alive or case.vanished else case.twins
    agent = case.route.agent if case.route else ""
    folder = folder_of(case.name, case.member.slug, limits)
    strays = [Claim(case.name, agent, folder, rank=_rank(case)) for _ in case.strays]
    return strays + [
        Claim(
            case.name, run.agent, run.folder, bool(run.gpus), run.gpus, takes_slot=not idle,
            rank=_rank(case), since=run.started_at, leaving=_leaves(case, run, now),
            yields_from=_yields_from(case, run, limits, now),
        )
        for run in runs
        if run is not None
    ]  # fmt: skip


def _rank(case: Case) -> int:
    """The priority alone: were the order of the list to count, two rows could oust each other."""
    return case.project.order[0] if case.project else LAST_PRIORITY


def _leaves(case: Case, run: Run, now: datetime) -> bool:
    """Whether the session was asked to end, before this tick or in it, and stays away.

    One that will not end is not waited for for ever: others may have to make room in its place.
    """
    if run.stop is not None:
        late = run.stop.at is not None and abs(now - run.stop.at) >= LEAVING_PATIENCE
        return not late and not (_restarts(run.stop) and case.wants)
    asked = [action for action in case.actions if isinstance(action, Stop) and action.run == run.id]
    return any(not isinstance(action, Restart) for action in asked)


def _yields_from(case: Case, run: Run, limits: Limits, now: datetime) -> datetime | None:
    """When a session may be pre-empted: only what works for its row, and for long enough.

    A waiting one is not: its question stands on its screen.
    """
    asked = run.stop is not None or any(isinstance(action, Stop) for action in case.actions)
    if asked or not (case.wants and case.alive) or case.member.waiting_since:
        return None
    if run.started_at is None:
        return None
    least = timedelta(seconds=limits.min_run_time)
    # Further ahead than that, the clock was put back since; it must not protect for ever.
    return now if run.started_at - now > least else run.started_at + least


def _wanted(case: Case, limits: Limits, staff: Staff, now: datetime) -> Claim:
    assert case.project is not None
    assert case.route is not None
    agent = case.route.agent
    # Of an agent whose hold is just over: whoever only rests does not try it yet.
    alone = staff.comes_back(agent) and not _rests(case, now)
    folder = folder_of(case.name, case.member.slug, limits)
    return Claim(
        case.name, agent, folder, case.project.gpu, rank=_rank(case),
        may_preempt=not case.member.faults, later=staff.later(agent) if alone else None,
    )  # fmt: skip


def _start(case: Case, grant: Grant, limits: Limits, staff: Staff) -> Start:
    project, member, routed = case.project, case.member, case.route
    assert project is not None
    assert routed is not None
    answer = case.answer
    known = member.conversation if member.conversation_agent == routed.agent else ""
    told = bool(known) and member.delivered == member.words.action
    forgotten = member.forgotten or _moved(member, routed)
    agent = limits.agents[routed.agent]
    # The demo agent leaves the user's repository alone.
    repository = repository_of(case.name, limits) if agent.real else ""
    workload = Workload(
        project=case.name,
        slug=member.slug,
        agent=routed.agent,
        model=routed.model,
        prompt=_prompt(case, project.next_action, told=told),
        folder=folder_of(case.name, member.slug, limits),
        words=member.words,
        conversation=known,
        begun=bool(known),
        resume=told and not answer,
        gpus=grant.gpus,
        demo=case.stands_in,
        config=agent.config_in(project.mode),
        recap=member.said if forgotten else "",
        forgotten=forgotten,
        standing=standing(member.work) if forgotten and member.work else "",
        repository=repository,
        branch=f"{BRANCHES}/{member.slug}" if repository else "",
        answer=answer.id if answer else "",
        mode="" if case.stands_in else project.mode,
        dollars=left(member, limits.row, agent.run, staff.room(routed.agent)),
    )
    reason, message = ("Resumed", "it goes on") if known else ("Wanted", "its turn has come")
    return Start(workload, case.screens, reason, message)


def _prompt(case: Case, action: str, *, told: bool) -> str:
    """What a run is told: its task, or a person's answer where the conversation knows the task."""
    if case.answer is None:
        return action
    if told:
        return case.answer.text
    asked = case.member.question.message if case.member.question else ""
    return with_answer(action, asked, case.answer.text)


def _moved(member: ProjectMemory, routed: Route) -> bool:
    """Whether another agent had begun the work that this one is to go on with."""
    begun = member.conversation and member.delivered == member.words.action
    return bool(begun) and member.conversation_agent != routed.agent
