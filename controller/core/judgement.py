"""Judgement: what each row wants, and whether what runs is that."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Restart, Sweep
from controller.core.case import Case
from controller.core.faults import Fault
from controller.core.intent import Intent
from controller.core.limits import Limits, Route
from controller.core.memory import ProjectMemory
from controller.core.observed import ReportState, Run
from controller.core.workload import route

VANISHED_PATIENCE = timedelta(seconds=2)
"""How long a run whose session is gone may take to tell of its end in its folder."""
RESTART = "Restart"
"""The reason in the stop request of a run that is to start again at once."""


def judge_absent(
    case: Case, due_names: frozenset[str], blocked: frozenset[str], now: datetime
) -> None:
    """What becomes of a project whose row is gone."""
    absence = case.member.absence
    if case.name in blocked:
        case.verdict = verdicts.PRUNE_BLOCKED
        return
    if case.name in due_names and absence:
        mattered = case.holds or bool(case.member.conversation)
        case.member = replace(
            case.member, absence=replace(absence, acted_at=now, mattered=mattered)
        )
    if case.member.absence and case.member.absence.acted_at and case.alive:
        case.stop("user", "RowDeleted", "its row was deleted from the list")
    case.verdict = verdicts.DELETED


def judge_present(case: Case, limits: Limits) -> None:
    """What a valid row wants, and whether what runs is that."""
    project = case.project
    assert project is not None
    _refresh(case)
    member = case.member
    if member.intent is not Intent.RUN:
        case.verdict = verdicts.at_rest(project, member)
        case.stop("user", f"User{member.intent.value}", "as its Status asks")
        return
    if member.block:
        case.verdict = verdicts.blocked(member.block)
        case.stop("controller", member.block.reason, member.block.message)
        return
    routed = route(project, member.pin, limits)
    if isinstance(routed, Fault):
        case.verdict = verdicts.invalid(routed)
        return
    if limits.suspension:
        case.verdict = verdicts.suspended(limits.suspension)
        case.stop("user", "Suspended", limits.suspension.message)
        return
    if not project.next_action:
        case.verdict = verdicts.NO_NEXT_ACTION
        case.stop("user", "NoNextAction", "its Next Action was emptied")
        return
    case.wants = True
    case.route = _stand_in(routed, limits)
    if case.run is not None and case.alive:
        changed = _changed(case.run, member)
        if changed:
            text = f"its {changed} changed"
            case.stop("controller", RESTART, text, Restart)
        case.verdict = verdicts.running(
            case.run, member, out_of_date=_out_of_date(case.run, case.route, limits)
        )


def _stand_in(routed: Route, limits: Limits) -> Route:
    """In demo mode the demo agent stands in for every real one."""
    if limits.demo_agent and limits.agents[routed.agent].real:
        return Route(limits.demo_agent)
    return routed


def _changed(run: Run, member: ProjectMemory) -> str:
    """The column whose words changed since the run began; empty for none."""
    if run.words.action != member.words.action:
        return "Next Action"
    if run.words.agent != member.words.agent:
        return "Agent"
    return "Model" if run.words.model != member.words.model else ""


def _out_of_date(run: Run, routed: Route, limits: Limits) -> bool:
    """Whether it would run otherwise if it were started now; that alone never restarts it."""
    agent = limits.agents.get(run.agent)
    return run.agent != routed.agent or agent is None or run.config != agent.config


def watch_vanished(case: Case, now: datetime) -> None:
    """A run whose session is gone without a word is waited for, then swept."""
    if not case.vanished or case.run is None:
        if case.member.vanished_at:
            case.member = replace(case.member, vanished_at=None)
        return
    since = case.member.vanished_at
    if since is None:
        case.member = replace(case.member, vanished_at=now)
    elif now - since >= VANISHED_PATIENCE or now < since:
        case.actions.append(Sweep(case.name, case.run.id))
    if case.wants:
        case.verdict = verdicts.VANISHED


def _refresh(case: Case) -> None:
    """Keep what memory says of a living run in step with it."""
    run, member = case.run, case.member
    if run is None or not case.alive:
        return
    report = run.report
    waiting = report.at if report and report.state is ReportState.WAITING else None
    retry = None if run.started_at else member.retry
    if waiting != member.waiting_since or retry != member.retry:
        case.member = replace(member, waiting_since=waiting, retry=retry)
