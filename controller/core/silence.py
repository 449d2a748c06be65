"""Silence: whose screen is to be looked at, because no event tells what is on it.

Hooks tell almost all. They do not where a dialog comes up before the first of them, where a task
is not begun, and where a person at the terminal closes a dialog; and some agents have none for a
turn that fails. Always the screen changes, so one that did not since it was looked at is left
alone; and of several, the one that waits longest comes first.
"""

from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta

from controller.core.facts import Asking, Facts
from controller.core.observed import Run, Session

FIRST_EVENT = timedelta(seconds=20)
"""Within which an agent tells its first event; it needs one or two."""
FIRST_TURN = timedelta(seconds=60)
"""Within which an agent that told of itself begins with its task."""
AFTER_ASK = timedelta(seconds=10)
"""After which a screen that changes tells that a dialog is no longer there."""
QUIET = timedelta(seconds=20)
"""Without an event in the midst of a turn, after which an agent may have failed without a word."""
_DIALOGS = frozenset({Asking.PERMISSION, Asking.QUESTION, Asking.TRUST, Asking.LOGIN})


class Screens:
    """Which screens were looked at, and when they had last changed by then."""

    def __init__(self) -> None:
        self._looked: dict[str, int] = {}

    def due(
        self,
        runs: Mapping[str, Run],
        sessions: Mapping[str, Session],
        readable: Set[str],
        now: datetime,
        *,
        reticent: Set[str] = frozenset(),
    ) -> str | None:
        """The run whose screen is to be looked at in this tick; None for none.

        Args:
            runs: Run id → run.
            sessions: Run id → session.
            readable: Names of the agents that can tell what a screen shows.
            now: The time.
            reticent: Those of them that do not tell of each failure.
        """
        self._looked = {run: at for run, at in self._looked.items() if run in sessions}
        found = [
            name
            for name, session in sessions.items()
            if (run := runs.get(name)) is not None
            and run.agent in readable
            and self._looked.get(name) != session.activity
            and is_silent(run, session, now, reticent=run.agent in reticent)
        ]
        due = min(found, key=lambda name: self._looked.get(name, 0), default=None)
        if due is not None:
            self._looked[due] = sessions[due].activity
        return due


def is_silent(run: Run, session: Session, now: datetime, *, reticent: bool = False) -> bool:
    """Whether no event tells what a living agent's terminal shows.

    Args:
        run: The run.
        session: Its session.
        now: The time.
        reticent: Its agent does not tell of each failure.
    """
    if not (run.interactive and run.tells and session.alive):
        return False
    if run.started_at is None or run.stop or run.result:
        return False
    facts = run.facts
    if facts.at is None:
        return now - run.started_at >= FIRST_EVENT
    if not _begun(facts):
        return now - facts.at >= FIRST_TURN
    if reticent and facts.working and facts.ask is None and now - facts.at >= QUIET:
        return True
    asked = facts.ask.at if facts.ask is not None and facts.ask.kind in _DIALOGS else None
    return asked is not None and not facts.ended and changed_at(session, run) - asked >= AFTER_ASK


def _begun(facts: Facts) -> bool:
    """Whether an agent told anything of its task: that it works on it, asks or cannot go on."""
    told = facts.turn_at or facts.ask or facts.trouble
    return bool(told or facts.working or facts.ended or facts.steps)


def at_last(facts: Facts, session: Session, run: Run) -> Facts:
    """The facts, with an ask that a screen told at the time when that screen was drawn."""
    ask = facts.ask
    if ask is None or ask.at is not None:
        return facts
    known = run.facts.ask
    at = known.at if known == ask and known is not None else changed_at(session, run)
    return replace(facts, ask=replace(ask, at=at))


def changed_at(session: Session, run: Run) -> datetime:
    """When a session's screen last changed."""
    assert run.started_at is not None
    return datetime.fromtimestamp(session.activity, run.started_at.tzinfo)
