"""The listener: takes a row's words into a project's memory."""

from dataclasses import dataclass, replace
from datetime import datetime

from controller.core.events import Event
from controller.core.intent import (
    Intent,
    Pair,
    Word,
    asks_again,
    intent_of,
    intent_without_memory,
    remember,
    word_of,
)
from controller.core.memory import Done, ProjectMemory
from controller.core.observed import PREEMPTED, Run
from controller.core.project import Project
from controller.core.spent import Spent
from controller.core.versions import held
from controller.core.words import fold
from controller.core.workload import words_of

AGENT_CELLS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Heard:
    """What a row said.

    Attributes:
        member: The project's memory afterwards.
        stale: The row is an older version, to be written again.
        spoken: The Status cell had a new word of the user's.
        events: What was noticed.
    """

    member: ProjectMemory
    stale: bool = False
    spoken: bool = False
    events: tuple[Event, ...] = ()


def listen(
    project: Project,
    member: ProjectMemory,
    run: Run | None,
    now: datetime,
    *,
    demo: bool,
    anew: bool = False,
) -> Heard:
    """Read a row's words.

    Args:
        project: The row.
        member: The project's memory; without pairs its history is unknown.
        run: The project's newest run.
        now: The time.
        demo: Whether the demo agent stands in for real ones.
        anew: Whether the row was gone and is back with other work, so that no buffer of an editor
            held it: what asks in it to run is the user's word, also where it was one before.
    """
    pair = project.pair
    word = word_of(pair, member.pairs, held(member)) if member.pairs else None
    if word is Word.USERS and member.doubtful and not _surely_meant(project, member):
        word = Word.STALE
    if anew and word in {Word.UNWRITTEN, Word.STALE} and asks_again(project.status):
        word = Word.USERS
    stale = word in {Word.UNWRITTEN, Word.STALE}
    heard = _agent_word(project, member, run)
    events: tuple[Event, ...] = ()
    if word is None:
        heard = _first_word(project, heard, run)
    elif word is Word.USERS:
        heard = _users_word(project, heard, run)
    elif word is Word.STALE:
        text = (
            "the list was saved with an older Status; the newer one is written again: "
            "if the older one is meant, type it now"
        )
        events = (Event(now, project.name, "StaleEdit", text),)
    if not stale:
        heard = _with(heard, pairs=remember(heard.pairs, pair), unwritten=False)
    heard = _work_words(project, heard, first=word is None)
    if heard.done and heard.done.demo and not demo and heard.intent is Intent.DONE:
        heard = _again(replace(heard, intent=Intent.RUN))
        events = (*events, Event(now, project.name, "Reopened", "the demo alone completed it"))
    heard = _with(heard, user_cells=project.user_digest, doubtful=False)
    return Heard(heard, stale, word is Word.USERS, events)


def _first_word(project: Project, member: ProjectMemory, run: Run | None) -> ProjectMemory:
    status = project.status
    stop = run.stop if run else None
    # For nothing else do we write that word; who ended for a restart was paused by its user since.
    paused_by_us = stop is not None and (stop.by, stop.reason) == ("controller", PREEMPTED)
    intent = intent_without_memory(status, paused_by_us=paused_by_us)
    ended = bool(run and run.result)
    old_end = run.id if run and ended and (asks_again(status) or intent is not Intent.RUN) else ""
    done = Done(project.action_digest, by_user=True) if intent is Intent.DONE else None
    return replace(member, intent=intent, done=done, settled=old_end or member.settled)


def _users_word(project: Project, member: ProjectMemory, run: Run | None) -> ProjectMemory:
    status = project.status
    intent = intent_of(status)
    after = replace(
        member, intent=intent, block=None, crashes=0, faults=0, retry=None, preempted=False,
        restarts=False, question=None,
    )  # fmt: skip
    if intent is Intent.RUN and member.intent is Intent.DONE:
        if not asks_again(status):
            return replace(after, done=None)
        # One that still ends did the work before: nothing of it is news for the work from here on.
        return _again(replace(after, settled=run.id) if run else after)
    if intent is Intent.DONE and member.intent is not Intent.DONE:
        return replace(after, done=Done(project.action_digest, by_user=True))
    return after


def _again(member: ProjectMemory) -> ProjectMemory:
    """Run from the start: a fresh conversation."""
    return replace(
        member, done=None, conversation="", conversation_agent="", delivered="",
        said="", forgotten=False, spent=Spent(), paid=0.0,
        paid_tokens=0,
    )  # fmt: skip


def _surely_meant(project: Project, member: ProjectMemory) -> bool:
    """Whether a word counts though a newer version of ours may have stood there in between.

    A stale buffer may then look like a word. To stop by mistake costs a word; to start by mistake
    may do finished work again.
    """
    if project.pair not in member.pairs:
        return True
    return member.intent is Intent.RUN and intent_of(project.status) is not Intent.RUN


def _agent_word(project: Project, member: ProjectMemory, run: Run | None) -> ProjectMemory:
    """Whose word is the Agent cell? What the controller wrote there is never a pin."""
    cell = project.agent
    seen = member.agent_cells
    if cell in _known_agents(project.pair, member):
        return member
    ours = not seen and run is not None and fold(cell) == run.agent and not run.words.agent
    cells = (*(item for item in seen if item != cell), cell)[-AGENT_CELLS_KEPT:]
    return replace(member, pin="" if ours else cell, agent_cells=cells)


def _known_agents(pair: Pair, member: ProjectMemory) -> tuple[str, ...]:
    """The Agent cells that are no news beside this version."""
    seen = member.agent_cells
    if not member.pairs or pair.last_update == member.pairs[-1].last_update:
        return seen[-1:]
    before = held(member)
    if seen and member.unwritten and (before is None or pair.last_update == before.last_update):
        return (member.replaced_agent,)  # our version did not arrive: the row is no old buffer
    return seen


def _work_words(project: Project, member: ProjectMemory, *, first: bool) -> ProjectMemory:
    """A changed row gets a new chance: what held it back was about the old words."""
    words = words_of(project, member.pin)
    if words == member.words:
        return member
    if first:
        return replace(member, words=words)
    return replace(member, words=words, block=None, crashes=0, faults=0, retry=None, question=None)


def _with(member: ProjectMemory, **changes: object) -> ProjectMemory:
    """`replace`, but the same object where nothing differs, so that "no news" costs nothing."""
    if all(getattr(member, name) == value for name, value in changes.items()):
        return member
    return replace(member, **changes)  # type: ignore[arg-type]
