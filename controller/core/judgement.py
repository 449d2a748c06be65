"""Judgement: what each row wants, and whether what runs is that."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Restart, Sweep
from controller.core.backoff import due
from controller.core.case import Case
from controller.core.faults import Fault
from controller.core.intent import Intent
from controller.core.limits import Limits, Route
from controller.core.memory import ProjectMemory
from controller.core.observed import RESTART, ReportState, Run
from controller.core.prune import matters
from controller.core.workload import route

VANISHED_PATIENCE = timedelta(seconds=2)
"""How long a run whose session is gone may take to tell of its end in its folder."""


def judge_absent(
    case: Case, due_names: frozenset[str], blocked: frozenset[str], now: datetime
) -> None:
    """What becomes of a project whose row is gone."""
    absence = case.member.absence
    if case.name in blocked:
        case.verdict = verdicts.PRUNE_BLOCKED
        return
    if case.name in due_names and absence:
        mattered = matters(case.name, case.member, {case.name} if case.holds else set())
        case.member = replace(
            case.member, absence=replace(absence, acted_at=now, mattered=mattered)
        )
    if case.member.absence and case.member.absence.acted_at and case.alive:
        case.stop("user", "RowDeleted", "its row was deleted from the list")
    if case.member.absence and case.member.absence.acted_at:
        case.end_strays("RowDeleted", "its row was deleted from the list")
    case.verdict = verdicts.DELETED


def judge_present(case: Case, limits: Limits, now: datetime) -> None:
    """What a valid row wants, and whether what runs is that."""
    project = case.project
    assert project is not None
    _refresh(case, now)
    member = case.member
    if member.intent is not Intent.RUN:
        case.verdict = verdicts.at_rest(project, member, limits.notes.get(case.name, ""))
        _end(case, "user", f"User{member.intent.value}", "as its Status asks")
        return
    if member.block:
        case.verdict = verdicts.blocked(member.block)
        _end(case, "controller", member.block.reason, member.block.message)
        return
    routed = route(project, member.pin, limits)
    if isinstance(routed, Fault):
        case.verdict = verdicts.invalid(routed)
        return
    if limits.suspension:
        case.verdict = verdicts.suspended(limits.suspension)
        _end(case, "user", "Suspended", limits.suspension.message)
        return
    if not project.next_action:
        case.verdict = verdicts.NO_NEXT_ACTION
        _end(case, "user", "NoNextAction", "its Next Action was emptied")
        return
    case.wants = True
    case.stands_in = bool(limits.demo_agent) and limits.agents[routed.agent].real
    case.route = Route(limits.demo_agent) if case.stands_in else routed
    if case.strays:
        case.verdict = verdicts.STRAY
    if case.run is not None and case.alive:
        changed = _changed(case.run, member)
        if changed:
            case.stop("controller", RESTART, f"its {changed} changed", Restart)
        elif member.settled == case.run.id:
            case.stop("controller", RESTART, "it was done, and is asked for again", Restart)
        case.verdict = verdicts.running(
            case.run, member, out_of_date=_out_of_date(case.run, case.route, limits)
        )


def _end(case: Case, by: str, reason: str, message: str) -> None:
    """Let what runs end; until it has, the row says so."""
    case.stop(by, reason, message)
    case.end_strays(reason, message)
    if (case.alive or case.strays) and case.verdict:
        case.verdict = verdicts.stopping(case.verdict)


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


def _refresh(case: Case, now: datetime) -> None:
    """Keep what memory says in step with the clock and with a living run."""
    run, member = case.run, case.member
    if member.retry and (at := due(member.retry.at, now, member.retry.wait)) != member.retry.at:
        case.member = member = replace(member, retry=replace(member.retry, at=at))
    if run is None or not case.alive:
        return
    report = run.report
    waiting = report.at if report and report.state is ReportState.WAITING else None
    retry = None if run.started_at else member.retry
    if waiting != member.waiting_since or retry != member.retry:
        case.member = replace(member, waiting_since=waiting, retry=retry)
