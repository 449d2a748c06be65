"""Rivals: another controller that works on the same list.

A file has a lock that keeps it away, a sheet has none. It is known by what only a controller
writes: a Last Update, and a Status that no command of a person's writes with one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from controller.core.desired import Desired
from controller.core.events import Event
from controller.core.memory import ProjectMemory
from controller.core.observed import Run
from controller.core.project import Project
from controller.core.versions import written_time
from controller.core.words import Status

REASON = "AnotherController"
_AT_WORK = frozenset({Status.IN_PROGRESS, Status.WAITING})
_PERSONS = frozenset({None, Status.PENDING, Status.PAUSED})
"""What `pause`, `resume` and `restart` write, with a Last Update of their own."""
_NAMED = 3


def rivals(
    spoken: Sequence[Project],
    desired: Desired,
    known: Mapping[str, ProjectMemory],
    runs: Iterable[Run],
    now: datetime,
) -> tuple[Event, ...]:
    """Tell of rows that another controller wrote; one event for all of them.

    Args:
        spoken: Projects whose Status cell has a new word.
        desired: The list.
        known: What was remembered before it was read.
        runs: Every run that is known.
        now: The time.
    """
    if any(member.pairs for member in known.values()):
        if not spoken:
            return ()
        stamps = {pair.last_update for member in known.values() for pair in member.pairs}
        found = [
            project
            for project in spoken
            if project.status not in _PERSONS
            and project.last_update not in stamps
            and written_time(project.last_update)
        ]
        what = "was written by another controller"
    else:
        ours = {run.project for run in runs}
        found = [
            project
            for project in desired.projects.values()
            if project.status in _AT_WORK
            and project.name not in ours
            and written_time(project.last_update)
        ]
        what = "is not this controller's, which is new to this list"
    if not found:
        return ()
    names = ", ".join(project.name for project in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    text = (
        f"the Status of {names}{more} {what}: two on one list start everything twice, and end each "
        "other's work. Where another one still runs, stop one of the two"
    )
    return (Event(now, "", REASON, text, warning=True),)
