"""Verdicts: what a row is to say, in each of the situations that the planner knows."""

from dataclasses import replace

from controller.core.actions import Verdict
from controller.core.facts import AT_TERMINAL, Asking
from controller.core.faults import Fault
from controller.core.intent import Intent
from controller.core.ledger import Refusal
from controller.core.memory import Block, ProjectMemory, Question, Retry, Suspension
from controller.core.names import as_argument
from controller.core.observed import PREEMPTED, ReportState, Run
from controller.core.project import Project
from controller.core.words import Status

PRUNE_HELP = "to stop their sessions run: sidekick approve-prune; or bring the rows back"

STARTING = Verdict(Status.QUEUED, "Starting", "its session starts", brief=True)
VANISHED = Verdict(
    Status.QUEUED, "SessionVanished", "its session is gone; waiting for its last word", brief=True
)
NO_NEXT_ACTION = Verdict(
    Status.QUEUED, "NoNextAction", "write into Next Action what is to be done", stalled=True
)
PRUNE_BLOCKED = Verdict(
    None, "PruneBlocked", f"many rows vanished at once; {PRUNE_HELP}", stalled=True
)
DELETED = Verdict(None, "RowDeleted", "its row is gone from the list")
DOUBTED = Verdict(
    None, "RowDeleted",
    "its row is gone from the list, or is one of those that are not valid; mend them, and what it "
    "runs ends",
)  # fmt: skip

STRAY = Verdict(
    Status.QUEUED, "RunFolderMissing",
    "a session of it works, but the folder of its run is gone; type Paused to end it, then Pending",
    stalled=True,
)  # fmt: skip


def stopping(verdict: Verdict) -> Verdict:
    """What a row says while its session, which was asked to end, still lives."""
    return replace(verdict, reason="Stopping", message="its session was asked to end",
                   ready=False, brief=True)  # fmt: skip


def invalid(fault: Fault) -> Verdict:
    """A row that the user must mend; its Status cell is left alone."""
    return Verdict(None, fault.reason, fault.message, accepted=False, stalled=True)


def at_rest(project: Project, member: ProjectMemory, note: str) -> Verdict:
    """A row that wants nothing to run; the note says why the user paused it."""
    match member.intent:
        case Intent.PAUSE:
            text = f"{note}; type Pending to go on" if note else "type Pending to go on"
            return Verdict(Status.PAUSED, "UserPaused", text, ready=True)
        case Intent.BLOCK:
            return Verdict(Status.BLOCKED, "UserBlocked", "type Pending to go on", ready=True)
        case _:
            return _completed(project, member)


def _completed(project: Project, member: ProjectMemory) -> Verdict:
    done = member.done
    if done is None:
        return Verdict(Status.COMPLETED, "Finished", "type Pending to run again", ready=True)
    if done.action != project.action_digest:
        return Verdict(Status.COMPLETED, "NewNextAction", "type Pending to run", ready=True)
    if done.by_user:
        return Verdict(Status.COMPLETED, "UserCompleted", "type Pending to run again", ready=True)
    if done.demo:
        text = "the demo agent finished; set demo: false for real work"
        return Verdict(Status.COMPLETED, "Demo", text, ready=True)
    kept = member.work.kept if member.work else ""
    text = f"{done.message} ({kept})" if kept else done.message
    return Verdict(Status.COMPLETED, "Finished", text, ready=True)


def blocked(block: Block) -> Verdict:
    """A row that the controller blocked: only an edit of it helps."""
    return Verdict(Status.BLOCKED, block.reason, block.message, stalled=True)


def suspended(suspension: Suspension) -> Verdict:
    """A row of a fleet that rests."""
    text = "the whole fleet rests; to go on: sidekick resume --all"
    if suspension.message:
        text = f"{suspension.message}; {text}"
    return Verdict(Status.QUEUED, "Suspended", text)


def refused(refusal: Refusal, *, preempted: bool) -> Verdict:
    """A row whose turn has not come, or that gave its place to a more important one."""
    if preempted:
        text = f"a more important project took its place, it goes on by itself: {refusal.message}"
        return Verdict(Status.PAUSED, PREEMPTED, text)
    return Verdict(Status.QUEUED, refusal.reason, refusal.message)


def asked(question: Question) -> Verdict:
    """A row whose agent ended its turn with a question."""
    return Verdict(Status.WAITING, question.reason, question.message, stalled=True)


def resting(retry: Retry) -> Verdict:
    """A row between two tries."""
    return Verdict(Status.QUEUED, retry.reason, retry.message)


def running(run: Run, member: ProjectMemory, *, out_of_date: bool) -> Verdict:
    """A row whose agent runs."""
    if run.started_at is None:
        if member.retry:
            return Verdict(Status.QUEUED, member.retry.reason, member.retry.message, brief=True)
        return STARTING
    if run.stop is not None:
        return Verdict(Status.IN_PROGRESS, "Stopping", "it was asked to end", brief=True)
    if member.waiting_since:
        return _waiting(run)
    if run.facts.retrying and run.facts.trouble:
        text = run.facts.message or "it tries again by itself"
        return Verdict(Status.IN_PROGRESS, run.facts.trouble.value, text, ready=True, brief=True)
    if out_of_date:
        text = "the settings changed since it started; it goes on with the old ones"
        return Verdict(Status.IN_PROGRESS, "OutOfDate", text, ready=True)
    if run.demo:
        text = "the demo agent stands in; set demo: false for real work"
        return Verdict(Status.IN_PROGRESS, "Demo", text, ready=True)
    if run.interactive and not run.tells:
        text = f"{run.agent} is on its terminal, which nobody reads: {_seat(run)}"
        return Verdict(Status.IN_PROGRESS, "Running", text, ready=True)
    return Verdict(Status.IN_PROGRESS, "Running", f"{run.agent} works", ready=True)


def _waiting(run: Run) -> Verdict:
    ask, report = run.facts.ask, run.report
    dialog = ask is not None and ask.kind is not Asking.QUESTION
    if report and report.state is ReportState.WAITING and report.message and not dialog:
        return Verdict(Status.WAITING, Asking.QUESTION.value, report.message, stalled=True)
    kind = ask.kind if ask else Asking.QUESTION
    text = ask.text if ask and ask.text else "the agent waits for a person"
    if kind in AT_TERMINAL:
        text = f"{text}; decide that at its terminal: {_seat(run)}"
    return Verdict(Status.WAITING, kind.value, text, stalled=True)


def _seat(run: Run) -> str:
    """What to type to sit down at a run's session."""
    return f"sidekick attach {as_argument(run.project)}"
