"""Judgement: what each row wants, and whether what runs is that."""

from dataclasses import replace
from datetime import datetime

from controller.core import row as columns
from controller.core import verdicts
from controller.core.actions import Restart, Tell
from controller.core.backoff import due
from controller.core.case import Case
from controller.core.facts import AT_TERMINAL
from controller.core.faults import Fault
from controller.core.intent import Intent
from controller.core.limits import Answer, Limits, Route
from controller.core.memory import Block, ProjectMemory
from controller.core.observed import HUNG, RESTART, TROUBLED, ReportState, Run
from controller.core.outdated import is_outdated
from controller.core.project import Project
from controller.core.prune import matters
from controller.core.spending import REASON as BUDGET
from controller.core.spending import over, row_spent, spent_by
from controller.core.spent import NOTHING_SPENT, Spent
from controller.core.staff import Staff
from controller.core.workload import routes


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
    doubted = absence is None or absence.held
    case.verdict = verdicts.DOUBTED if doubted else verdicts.DELETED


def judge_present(case: Case, limits: Limits, staff: Staff, now: datetime) -> None:
    """What a valid row wants, and whether what runs is that.

    Args:
        case: The row.
        limits: What is allowed.
        staff: Which agents may work now.
        now: The time.
    """
    project = case.project
    assert project is not None
    _refresh(case, now)
    _keep_to_budget(case, limits, staff)
    member = case.member
    given = limits.answers.get(case.name)
    if member.intent is Intent.DONE and given:
        # It came too late for that work, and is no word about any that comes next.
        case.member = member = replace(member, answered=given.id)
    if member.intent is not Intent.RUN:
        case.verdict = verdicts.at_rest(project, member, limits.notes.get(case.name, ""))
        _end(case, "user", f"User{member.intent.value}", "as its Status asks")
        return
    if member.block:
        case.verdict = verdicts.blocked(member.block)
        _end(case, "controller", member.block.reason, member.block.message)
        return
    known = routes(project, member.pin, limits)
    if isinstance(known, Fault):
        case.verdict = verdicts.invalid(known)
        return
    if limits.suspension:
        case.verdict = verdicts.suspended(limits.suspension)
        _end(case, "user", "Suspended", limits.suspension.message)
        return
    if not project.next_action:
        case.verdict = verdicts.NO_NEXT_ACTION
        _end(case, "user", "NoNextAction", "its Next Action was emptied")
        return
    if given and case.run and case.run.answered == given.id:
        case.member = member = replace(member, answered=given.id)
    case.answer = given if given and given.id != member.answered else None
    if member.question and not (case.answer or case.alive):
        case.verdict = verdicts.asked(member.question)
        return
    case.wants = True
    case.stands_in = bool(limits.demo_agent) and limits.agents[known[0].agent].real
    if case.stands_in:
        case.route = Route(limits.demo_agent)
    else:
        case.route, case.held = staff.choose(known, member)
    if case.strays:
        case.verdict = verdicts.STRAY
    if case.run is not None and case.alive:
        changed = _changed(case.run, member, project)
        if changed:
            case.stop("controller", RESTART, f"its {changed} changed", Restart)
        elif member.settled == case.run.id:
            if case.run.stop is None:
                case.member = replace(member, restarts=True)
            case.stop("controller", RESTART, "it was done, and is asked for again", Restart)
        elif trouble := _stuck(case.run):
            case.stop("controller", TROUBLED, trouble)
        elif case.answer:
            _hand_over(case, case.answer)
        elif why := staff.spent(case.run.agent):
            case.stop("controller", BUDGET, why)
        elif silent := _silence(case, limits, now):
            case.stop("controller", HUNG, silent)
        case.verdict = verdicts.running(
            case.run, case.member, out_of_date=is_outdated(case, known, limits)
        )


def _hand_over(case: Case, answer: Answer) -> None:
    """Give a person's answer to an agent that runs: typed, or as the next turn of its work.

    While it works, a dialog may come up under what is typed; so it is told when it asks.
    """
    run = case.run
    assert run is not None
    if not run.interactive or case.session is None:
        case.stop("controller", RESTART, "a person answered it", Restart)
    elif not run.tells or (run.facts.ask is not None and run.facts.ask.kind not in AT_TERMINAL):
        tell = Tell(case.name, run.id, run.agent, case.session, answer.id, answer.text)
        case.actions.append(tell)


def _stuck(run: Run) -> str:
    """Why an agent cannot go on that stays at its terminal all the same; empty where it can."""
    facts = run.facts
    if not run.interactive or facts.trouble is None or facts.retrying or facts.working:
        return ""
    return facts.message or facts.trouble.value


def _silence(case: Case, limits: Limits, now: datetime) -> str:
    """Why a run counts as hung; empty where it does not."""
    at = last_sign(case, limits)
    if at is None or case.member.waiting_since:
        return ""
    seconds = (now - at).total_seconds()
    if seconds < limits.hung_after:
        return ""
    return f"no output and no event for {seconds / 60:.0f} minutes"


def last_sign(case: Case, limits: Limits) -> datetime | None:
    """When a living run was last heard of; None for one that is not to be waited for."""
    run, session, steady = case.run, case.session, limits.steady_since
    if run is None or session is None or run.started_at is None or run.stop or run.interactive:
        return None
    if steady is None or not case.alive:
        return None
    printed = datetime.fromtimestamp(session.activity, run.started_at.tzinfo)
    told = run.facts.at or run.started_at
    said = max((r.at for r in (run.report, run.progress) if r), default=run.started_at)
    return max(printed, told, said, run.started_at, steady)


def _keep_to_budget(case: Case, limits: Limits, staff: Staff) -> None:
    """A row that spent what it may is blocked: its budget, or the row, must be edited first.

    An agent that keeps to its bound by itself does not know whose that is. Where it is its day's,
    the row has done nothing wrong, and goes on tomorrow.
    """
    member, run = case.member, case.run
    if member.intent is not Intent.RUN or (member.block and member.block.reason != BUDGET):
        return
    agent = limits.agents.get(run.agent) if run is not None else None
    if spent := over(row_spent(member, run, limits.prices), limits.row):
        text = f"it spent {spent}; raise budgets.row in config.yaml, then type Pending"
    elif run and agent and (spent := over(_run_spent(case, run, limits), agent.run)):
        text = f"one run spent {spent}; raise agents.{run.agent}.run_budget, then type Pending"
    else:
        ended_now = member.block and case.billed != NOTHING_SPENT
        if run and ended_now and staff.spent(run.agent):
            case.member = replace(member, block=None)
        return
    case.member = replace(member, block=Block(BUDGET, text))


def _run_spent(case: Case, run: Run, limits: Limits) -> Spent:
    """What a run spent that lives, or that its bound ended just now."""
    if case.alive:
        return spent_by(run, case.member, limits.prices)
    return case.billed if case.member.block else NOTHING_SPENT


def _end(case: Case, by: str, reason: str, message: str) -> None:
    """Let what runs end; until it has, the row says so."""
    case.stop(by, reason, message)
    case.end_strays(reason, message)
    if (case.alive or case.strays) and case.verdict:
        case.verdict = verdicts.stopping(case.verdict)


def _changed(run: Run, member: ProjectMemory, project: Project) -> str:
    """The column whose words changed since the run began; empty for none.

    A column that is gone from the list, or renamed, is no word about what runs.
    """
    if run.words.action != member.words.action:
        return "Next Action"
    if run.words.agent != member.words.agent:
        return "Agent"
    told = columns.MODEL in project.row.cells
    return columns.MODEL if told and run.words.model != member.words.model else ""


def _refresh(case: Case, now: datetime) -> None:
    """Keep what memory says in step with the clock and with a living run."""
    run, member = case.run, case.member
    if member.retry and (at := due(member.retry.at, now, member.retry.wait)) != member.retry.at:
        case.member = member = replace(member, retry=replace(member.retry, at=at))
    if run is None or not case.alive:
        return
    waiting = _waits_since(run)
    retry = None if run.started_at else member.retry
    if waiting != member.waiting_since or retry != member.retry:
        case.member = replace(member, waiting_since=waiting, retry=retry)


def _waits_since(run: Run) -> datetime | None:
    """Since when a living agent waits for a person, by its own word or by its events.

    Its word stands until a new turn begins.
    """
    report, facts = run.report, run.facts
    if report and report.state is ReportState.WAITING:
        spoken_to = facts.turn_at is not None and facts.turn_at > report.at
        if not spoken_to:
            return report.at
    if facts.ask is not None:
        return facts.ask.at or facts.at
    return None
