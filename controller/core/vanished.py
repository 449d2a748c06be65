"""Vanished runs: whose session, watcher or folder is gone without a word of their end."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Sweep, Watch
from controller.core.case import Case
from controller.core.limits import Limits

VANISHED_PATIENCE = timedelta(seconds=2)
"""How long a run whose session is gone may take to tell of its end in its folder."""


def watch_over(case: Case) -> None:
    """An adopted process whose watcher is gone gets another, as long as nobody wants its end."""
    if case.alive and case.run and case.session and not case.session.watched:
        case.actions.append(Watch(case.name, case.run.id, case.session))


def vanished_patience(case: Case, limits: Limits) -> timedelta:
    """How long to wait for the word of a run whose session is gone; a shim gives it its grace."""
    grace = timedelta(seconds=limits.stop_grace) if case.guarded else timedelta()
    return VANISHED_PATIENCE + grace


def watch_vanished(case: Case, limits: Limits, now: datetime) -> None:
    """A run whose session is gone without a word is waited for, then swept."""
    if not case.vanished or case.run is None:
        if case.member.vanished_at:
            case.member = replace(case.member, vanished_at=None)
        return
    since = case.member.vanished_at
    if since is None:
        case.member = replace(case.member, vanished_at=now)
    elif now - since >= vanished_patience(case, limits) or now < since:
        case.actions.append(Sweep(case.name, case.run.id))
    if case.wants:
        case.verdict = verdicts.VANISHED


def sweep_lost(case: Case, now: datetime) -> None:
    """Older runs whose session is gone without a word, or never came, are ended and recorded."""
    if case.lost and now >= lost_since(case):
        case.actions += [Sweep(case.name, run.id) for run in case.lost]


def lost_since(case: Case) -> datetime:
    """From when on nothing is to be heard any more of a project's lost runs."""
    assert case.run is not None  # a lost run is older than it
    return case.run.created_at + VANISHED_PATIENCE


def watch_missing(case: Case) -> None:
    """What a run left whose folder was taken away is ended before anything else can begin.

    Nothing of it can be waited for: there is no place for its last word. Its loss is taken into
    account once that is done.
    """
    if not case.missing:
        return
    case.actions.append(Sweep(case.name, case.missing))
    if case.wants:
        case.verdict = verdicts.VANISHED
