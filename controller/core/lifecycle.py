"""Lifecycle: what the end of a run, or a report of its agent, means for its project."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.core.backoff import CRASH, FAULT, LOST, SERVICE, Curve
from controller.core.events import Event
from controller.core.intent import Intent
from controller.core.memory import Block, Done, ProjectMemory, Question, Retry
from controller.core.observed import HUNG, PREEMPTED, RESTART, Ending, ReportState, Result, Run

STABLE_SECONDS = 600.0
"""A run this long resets the count of crashes (kubelet's 10 minutes)."""
CRASH_LIMIT = 5
"""So many crashes without a stable time between them block the row."""
LOST_STABLE_SECONDS = 60.0
_LAST_WORDS = frozenset({Ending.COMPLETED, Ending.BLOCKED, Ending.WAITING})
"""Ends that are about the work, not about the way to it."""


def settle(
    name: str, member: ProjectMemory, run: Run | None, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    """Take a run's end, or its agent's last word, into account, once."""
    if run is None or member.settled == run.id:
        return member, ()
    if run.result is None:
        return _reported(name, member, run, now)
    settled = replace(
        member, run=run.id, settled=run.id, vanished_at=None, waiting_since=None, preempted=False,
        restarts=False, said=run.facts.said or member.said,
    )  # fmt: skip
    result = by_our_clock(run, run.result, now)
    if _stable_seconds(run, result) >= STABLE_SECONDS:
        settled = replace(settled, crashes=0, faults=0)
    if run.started_at is None and not run.begun and run.conversation == settled.conversation:
        settled = replace(settled, conversation="", conversation_agent="", delivered="")
    if _overtaken(settled, run) and result.ending in _LAST_WORDS:
        text = "it ended, and the row asks for other work meanwhile"
        again = Retry("Restart", text, result.at, keeps_slot=True)
        return replace(settled, retry=again), (Event(now, name, "Restart", text),)
    match result.ending:
        case Ending.COMPLETED:
            return _completed(name, settled, run, result.message, now)
        case Ending.BLOCKED:
            return _blocked(name, settled, result.reason, result.message, now)
        case Ending.CRASHED:
            return _crashed(name, settled, run, result, now)
        case Ending.STOPPED if result.stop is not None and result.stop.reason == HUNG:
            hung = replace(result, message=result.stop.message)
            return _crashed(name, settled, run, hung, now)
        case Ending.STOPPED:
            why = result.stop.reason if result.stop else ""
            stopped = replace(
                settled, retry=None, preempted=why == PREEMPTED, restarts=why == RESTART
            )
            return stopped, (Event(now, name, "Stopped", _why_stopped(result)),)
        case Ending.FAULT:
            return _try_again(name, settled, run, result, FAULT, settled.faults + 1, now)
        case Ending.WAITING:
            question = Question(result.reason, result.message, result.at)
            asked = replace(settled, question=question, crashes=0, faults=0, retry=None)
            return asked, (Event(now, name, result.reason, result.message, warning=True),)
        case Ending.HELD:  # the agent's hold says when it goes on
            held = replace(settled, retry=None)
            return held, (Event(now, name, result.reason, result.message, warning=True),)
        case Ending.UNAVAILABLE:
            return _try_again(name, settled, run, result, SERVICE, settled.faults + 1, now)
        case Ending.FORGOTTEN:
            return _forgotten(name, settled, run, result, now)
        case Ending.LOST:
            attempt = 1 if result.seconds >= LOST_STABLE_SECONDS else settled.faults + 1
            return _try_again(name, settled, run, result, LOST, attempt, now)


def learn(member: ProjectMemory, run: Run) -> ProjectMemory:
    """Remember the conversation that an agent began by itself, as long as its run lasts."""
    known = run.facts.conversation
    over = member.settled == run.id or member.run != run.id
    if not known or over or member.conversation == known:
        return member
    return replace(
        member, conversation=known, conversation_agent=run.agent, delivered=run.words.action
    )


def hear_proposal(member: ProjectMemory, run: Run) -> ProjectMemory:
    """Take in what the agent would do next; it goes into a column of its own, once."""
    text = run.proposal.message.strip() if run.proposal else ""
    if not text or text == member.proposed or member.run != run.id:
        return member
    return replace(member, proposed=text, proposal_due=True)


def measure(
    name: str, member: ProjectMemory, run: Run, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    """Take in what git saw in the folder of a run that is over."""
    if run.result is None or run.started_at is None or member.work == run.work:
        return member, ()
    after = replace(member, work=run.work)
    if run.work is None or not run.work.kept:
        return after, ()
    text = f"its work is in {run.folder} on {run.work.kept}"
    return after, (Event(now, name, "WorkKept", text),)


def lose_track(member: ProjectMemory, run: str, now: datetime) -> ProjectMemory:
    """Take the loss of a run into account whose folder is gone, and with it all that it told."""
    attempt = member.faults + 1
    wait = LOST.delay(attempt, run)
    text = "the folder of its run was taken away; what the run left behind was ended"
    at = now + timedelta(seconds=wait)
    retry = Retry("RunFolderMissing", text, at, keeps_slot=True, wait=wait)
    return replace(member, settled=run, vanished_at=None, faults=attempt, retry=retry)


def give_up_slot(member: ProjectMemory) -> ProjectMemory:
    """Let others have the slot that a project kept between two runs; later it waits as all do."""
    retry = replace(member.retry, keeps_slot=False) if member.retry else None
    if retry == member.retry and not member.restarts:
        return member
    return replace(member, retry=retry, restarts=False)


def by_our_clock(run: Run, result: Result, now: datetime) -> Result:
    """A run's end as far as it can be true: the agent's clock may be another machine's, and wrong.

    No run ended before it was made or after now, and none lasted longer than from the one to the
    other. Were that believed, a wait could lie in the past, and a session that dies at once count
    as one that was stable: nothing would bound how often it is tried.
    """
    lasted = max(0.0, (now - run.created_at).total_seconds())
    at = result.at if run.created_at <= result.at <= now else now
    return replace(result, at=at, seconds=min(result.seconds, lasted))


def _stable_seconds(run: Run, result: Result) -> float:
    """How long a run did well: of one that hung, as long as its agent told anything."""
    if result.stop is None or result.stop.reason != HUNG:
        return result.seconds
    if run.facts.at is None or run.started_at is None:
        return 0.0
    return min(result.seconds, (run.facts.at - run.started_at).total_seconds())


def _reported(
    name: str, member: ProjectMemory, run: Run, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    """A living agent may say that it is done or blocked; its session is then told to end."""
    report = run.report
    if _overtaken(member, run):
        return member, ()
    if report and report.state is ReportState.DONE:
        return _completed(name, replace(member, settled=run.id), run, report.message, now)
    if report and report.state is ReportState.BLOCKED:
        settled = replace(member, settled=run.id)
        return _blocked(name, settled, "AgentBlocked", report.message, now)
    return member, ()


def _overtaken(member: ProjectMemory, run: Run) -> bool:
    """Whether the row asks for other work than the run did: its end is no end of that.

    Another agent or model for the same Next Action is no other work: done is done.
    """
    return member.intent is Intent.RUN and member.words.action != run.words.action


def _completed(
    name: str, member: ProjectMemory, run: Run, message: str, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    message = message or "the agent finished its work"
    done = Done(run.words.action, run.demo, message)
    after = replace(
        member, intent=Intent.DONE, done=done, crashes=0, faults=0, retry=None, block=None
    )
    return after, (Event(now, name, "Completed", message),)


def _blocked(
    name: str, member: ProjectMemory, reason: str, message: str, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    after = replace(member, block=Block(reason, message), retry=None)
    return after, (Event(now, name, reason, message, warning=True),)


def _crashed(
    name: str, member: ProjectMemory, run: Run, result: Result, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    crashes = member.crashes + 1
    counted = replace(member, crashes=crashes, faults=0)
    if crashes >= CRASH_LIMIT:
        text = (
            f"crashed {crashes} times in a row, the last time: {result.message}; "
            "edit Next Action, or type Pending, to try again"
        )
        return _blocked(name, counted, "CrashLoop", text, now)
    wait = CRASH.delay(crashes, run.id)
    at = result.at + timedelta(seconds=wait)
    text = f"{result.message}; try {crashes + 1} of {CRASH_LIMIT} at {_clock(at)}"
    event = Event(now, name, "Crashed", text, warning=True)
    retry = Retry("CrashBackoff", text, at, keeps_slot=True, wait=wait)
    return replace(counted, retry=retry), (event,)


def _forgotten(
    name: str, member: ProjectMemory, run: Run, result: Result, now: datetime
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    """A lost conversation: a fresh one is told where the work stands."""
    if not run.begun:  # there was none to lose
        return _crashed(name, member, run, result, now)
    fresh = replace(
        member,
        conversation="",
        conversation_agent="",
        delivered="",
        paid=0.0,
        paid_tokens=0,
        forgotten=True,
    )
    retry = Retry(result.reason, result.message, result.at, keeps_slot=True)
    event = Event(now, name, result.reason, result.message, warning=True)
    return replace(fresh, retry=retry), (event,)


def _try_again(
    name: str,
    member: ProjectMemory,
    run: Run,
    result: Result,
    curve: Curve,
    attempt: int,
    now: datetime,
) -> tuple[ProjectMemory, tuple[Event, ...]]:
    wait = curve.delay(attempt, run.id)
    at = result.at + timedelta(seconds=wait)
    if result.until and at < result.until <= result.at + timedelta(seconds=curve.longest):
        at, wait = result.until, (result.until - result.at).total_seconds()
    retry = Retry(result.reason, result.message, at, keeps_slot=curve is LOST, wait=wait)
    event = Event(now, name, result.reason, result.message, warning=True)
    return replace(member, faults=attempt, retry=retry), (event,)


def _why_stopped(result: Result) -> str:
    if result.stop is None:
        return "the session ended"
    return f"the session ended ({result.stop.reason}): {result.stop.message}".rstrip(": ")


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S %Z").strip()
