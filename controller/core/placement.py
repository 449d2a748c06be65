"""Placement: who of those that want to run starts now, and with what."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Restart, Start, Stop, Wait
from controller.core.case import Case
from controller.core.ledger import Claim, Grant, Refusal
from controller.core.limits import Limits
from controller.core.observed import PREEMPTED, RESTART, Ending, Run, StopRequest
from controller.core.project import LAST_PRIORITY
from controller.core.scheduler import schedule
from controller.core.workload import Workload, folder_of

LEAVING_PATIENCE = timedelta(minutes=1)
"""How long a session that was asked to end counts as one that makes room."""


def place(cases: Sequence[Case], limits: Limits, now: datetime) -> list[Start | Wait]:
    """Give leave to start, by importance, and say why not where there is none.

    Sessions that must give way to a more important project are asked to end.
    """
    actions: list[Start | Wait] = []
    ready = sorted((case for case in cases if case.wants and not case.holds), key=_order)
    keepers = [case for case in ready if _keeps_slot(case)]
    resting = {case.name for case in ready if _rests(case, now)}
    settled = resting | {case.name for case in keepers}
    others = [case for case in ready if case.name not in settled]
    made = schedule(
        [claim for case in cases for claim in _held(case, limits, now)],
        [_wanted(case, limits) for case in keepers],
        [_wanted(case, limits) for case in others],
        limits,
        now,
    )
    _end_victims(cases, made.victims)
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
            actions.append(_start(case, answer, limits))
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
    if case.member.retry:
        return case.member.retry.keeps_slot
    result = case.run.result if case.run else None
    if result is None or result.ending is not Ending.STOPPED or result.stop is None:
        return False
    return _restarts(result.stop)


def _restarts(stop: StopRequest) -> bool:
    return stop.reason == RESTART


def _held(case: Case, limits: Limits, now: datetime) -> list[Claim]:
    since = case.member.waiting_since
    idle = since is not None and (now - since).total_seconds() >= limits.waiting_keeps_slot
    runs = [case.run, *case.twins] if case.alive or case.vanished else case.twins
    return [
        Claim(
            case.name, run.agent, run.folder, bool(run.gpus), run.gpus, takes_slot=not idle,
            rank=_rank(case), since=run.started_at, leaving=_leaves(case, run, now),
            yields_from=_yields_from(case, run, limits),
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
        late = run.stop.at is not None and now - run.stop.at >= LEAVING_PATIENCE
        return not late and not (_restarts(run.stop) and case.wants)
    asked = [action for action in case.actions if isinstance(action, Stop) and action.run == run.id]
    return any(not isinstance(action, Restart) for action in asked)


def _yields_from(case: Case, run: Run, limits: Limits) -> datetime | None:
    """When a session may be pre-empted: only what works for its row, and for long enough.

    A waiting one is not: its question stands on its screen.
    """
    asked = run.stop is not None or any(isinstance(action, Stop) for action in case.actions)
    if asked or not (case.wants and case.alive) or case.member.waiting_since:
        return None
    if run.started_at is None:
        return None
    return run.started_at + timedelta(seconds=limits.min_run_time)


def _wanted(case: Case, limits: Limits) -> Claim:
    assert case.project is not None
    assert case.route is not None
    folder = folder_of(case.name, case.member.slug, limits)
    return Claim(
        case.name, case.route.agent, folder, case.project.gpu, rank=_rank(case),
        may_preempt=not case.member.faults,
    )  # fmt: skip


def _start(case: Case, grant: Grant, limits: Limits) -> Start:
    project, member, routed = case.project, case.member, case.route
    assert project is not None
    assert routed is not None
    known = member.conversation if member.conversation_agent == routed.agent else ""
    workload = Workload(
        project=case.name,
        slug=member.slug,
        agent=routed.agent,
        model=routed.model,
        prompt=project.next_action,
        folder=folder_of(case.name, member.slug, limits),
        words=member.words,
        conversation=known,
        begun=bool(known),
        resume=bool(known) and member.delivered == member.words.action,
        gpus=grant.gpus,
        demo=case.stands_in,
        config=limits.agents[routed.agent].config,
    )
    reason, message = ("Resumed", "it goes on") if known else ("Wanted", "its turn has come")
    return Start(workload, case.screens, reason, message)
