"""Views: what is known of one row, and of one agent, gathered for the report."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from controller.core import holds
from controller.core.intent import Intent
from controller.core.limits import Limits
from controller.core.memory import Memory, ProjectMemory
from controller.core.observed import Observed
from controller.core.project import Project
from controller.core.report import AgentView, ProjectView
from controller.core.row_status import RowStatus
from controller.core.spending import Purse
from controller.core.spent import NOTHING_SPENT
from controller.core.words import Status

IDLE_AFTER = timedelta(minutes=5)
"""An agent that printed and reported nothing for so long counts as idle."""


def view(
    status: RowStatus,
    project: Project | None,
    memory: Memory,
    observed: Observed,
    now: datetime,
) -> ProjectView:
    """Gather what is known of one row."""
    member = memory.projects.get(status.name) or ProjectMemory(slug="")
    run = observed.runs.get(member.run)
    session = observed.sessions.get(member.run)
    alive = bool(session and session.alive and run and run.result is None)
    retry = member.retry
    activity = activity_of(session.activity, now) if session and alive else None
    return ProjectView(
        name=status.name,
        status=status.status,
        reason=status.reason,
        message=status.message,
        agent=status.agent,
        agent_running=run.agent if run and alive else "",
        line=status.row.line if status.row else None,
        priority=project.priority if project else None,
        next_action=project.next_action if project else "",
        deadline=project.deadline if project else None,
        overdue=is_overdue(project, member, now),
        gpu=project.gpu if project else False,
        model=project.model if project else "",
        mode=project.mode if project else "",
        desired_running=bool(project and member.intent is Intent.RUN and not member.block),
        since=status.since,
        session=session.name if session else "",
        alive=alive,
        run=member.run,
        folder=run.folder if run else "",
        branch=run.branch if run else "",
        work=member.work.told if member.work else "",
        started_at=run.started_at if run and alive else None,
        conversation=member.conversation,
        waiting_since=waits_since(status, member),
        activity_at=activity,
        idle_since=idle_since(activity, now) if alive else None,
        crashes=member.crashes,
        next_retry=retry.at if retry and not alive else None,
        progress=run.progress.message if run and run.progress else "",
        progress_at=run.progress.at if run and run.progress else None,
        doing=run.facts.doing if run and alive else "",
        steps=run.facts.steps if run else 0,
        dollars=status.spent.dollars,
        tokens=status.spent.tokens,
        proposed=member.proposed,
        last_exit=run.result.message if run and run.result else "",
        last_status=run.result.status if run and run.result else None,
        conditions=status.conditions,
    )


def agent_views(
    limits: Limits, projects: Iterable[ProjectView], memory: Memory, now: datetime
) -> tuple[AgentView, ...]:
    """Every agent's slots, how many are used, whether it is held, and what it spent today."""
    used = Counter(project.agent_running for project in projects if project.alive)
    purse = Purse((), memory.days, limits, now)
    return tuple(
        _agent_view(name, limits.agents[name].slots, used[name], memory, purse, now)
        for name in sorted(limits.agents)
    )


def _agent_view(
    name: str, slots: int, used: int, memory: Memory, purse: Purse, now: datetime
) -> AgentView:
    held, day = memory.holds.get(name), memory.days.get(name)
    spent = day.spent if day and day.date == now.date() else NOTHING_SPENT
    told = AgentView(
        name, slots, used, dollars=spent.dollars, tokens=spent.tokens,
        exhausted=purse.refusal(name),
    )  # fmt: skip
    if held is None or holds.over(held, now):
        return told
    return replace(
        told,
        held=held.reason,
        held_message=holds.message(name, held),
        held_until=held.until,
    )


def waits_since(status: RowStatus, member: ProjectMemory) -> datetime | None:
    """Since when its agent waits for a person: in a run that lasts, or by one that ended so."""
    if member.waiting_since or member.question is None or status.status != Status.WAITING:
        return member.waiting_since
    return member.question.at


def idle_since(activity: datetime | None, now: datetime) -> datetime | None:
    """The last activity, where it is so long ago that the agent counts as idle."""
    return activity if activity and now - activity >= IDLE_AFTER else None


def is_overdue(project: Project | None, member: ProjectMemory, now: datetime) -> bool:
    """Whether the deadline passed and the work is not done."""
    return bool(
        project
        and project.deadline
        and project.deadline < now.date()
        and member.intent is not Intent.DONE
    )


def activity_of(seconds: int, now: datetime) -> datetime | None:
    """A session's last output as a time; None where it is not known."""
    return datetime.fromtimestamp(seconds, tz=now.tzinfo) if seconds else None
