"""Placement: who of those that want to run starts now, and with what."""

from collections.abc import Sequence
from datetime import datetime

from controller.core import verdicts
from controller.core.actions import Start, Wait
from controller.core.case import Case
from controller.core.judgement import RESTART
from controller.core.limits import Limits
from controller.core.observed import Ending
from controller.core.scheduler import Claim, Grant, Refusal, schedule
from controller.core.workload import Workload, folder_of


def place(cases: Sequence[Case], limits: Limits, now: datetime) -> list[Start | Wait]:
    """Give leave to start, by importance, and say why not where there is none."""
    actions: list[Start | Wait] = []
    ready = sorted((case for case in cases if case.wants and not case.holds), key=_order)
    keepers = [case for case in ready if _keeps_slot(case)]
    resting = {case.name for case in ready if _rests(case, now)}
    settled = resting | {case.name for case in keepers}
    others = [case for case in ready if case.name not in settled]
    answers = schedule(
        [claim for case in cases for claim in _held(case, limits, now)],
        [_wanted(case, limits) for case in keepers],
        [_wanted(case, limits) for case in others],
        limits,
    )
    for case in ready:
        retry = case.member.retry
        if case.name in resting and retry:
            case.verdict = verdicts.resting(retry)
            actions.append(Wait(case.name, retry.reason, retry.message, retry.at))
            continue
        answer = answers[case.name]
        if isinstance(answer, Refusal):
            case.verdict = verdicts.refused(answer)
            actions.append(Wait(case.name, answer.reason, answer.message))
        else:
            case.verdict = verdicts.STARTING
            actions.append(_start(case, answer, limits))
    return actions


def _order(case: Case) -> tuple[object, ...]:
    assert case.project is not None
    return case.project.order


def _rests(case: Case, now: datetime) -> bool:
    retry = case.member.retry
    return retry is not None and retry.at > now


def _keeps_slot(case: Case) -> bool:
    """Between two runs of a restart, or of a crash, the slot stays the project's."""
    if case.member.retry:
        return case.member.retry.keeps_slot
    result = case.run.result if case.run else None
    return result is not None and result.ending is Ending.STOPPED and result.stop_reason == RESTART


def _held(case: Case, limits: Limits, now: datetime) -> list[Claim]:
    since = case.member.waiting_since
    idle = since is not None and (now - since).total_seconds() >= limits.waiting_keeps_slot
    runs = [case.run, *case.twins] if case.alive or case.vanished else case.twins
    return [
        Claim(case.name, run.agent, run.folder, bool(run.gpus), run.gpus, takes_slot=not idle)
        for run in runs
        if run is not None
    ]


def _wanted(case: Case, limits: Limits) -> Claim:
    assert case.project is not None
    assert case.route is not None
    folder = folder_of(case.name, case.member.slug, limits)
    return Claim(case.name, case.route.agent, folder, case.project.gpu)


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
