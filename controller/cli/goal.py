"""Goals: what `wait` waits for, and whether a project is there."""

from collections.abc import Callable
from dataclasses import dataclass

from controller.core.conditions import ConditionType
from controller.core.errors import TerminalError
from controller.core.report import ProjectView
from controller.core.words import Status, fold, status_of

RUNNING = "Running"
DELETED = "Deleted"
WORDS = (*(str(kind) for kind in ConditionType), *(str(word) for word in Status), RUNNING, DELETED)
"""What may be waited for; besides a condition's `=false`, and `reason=` with a reason."""
_BOOLEANS = {"true": True, "false": False}

Test = Callable[[ProjectView | None], bool]
"""Whether a project is there; None stands for one that is in no report."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is waited for.

    Attributes:
        text: As a person reads it.
        met: Whether a project is there.
    """

    text: str
    met: Test


def parse_goal(text: str) -> Goal:
    """The goal that the words mean, as Ready, Ready=false, Completed or reason=CrashLoop.

    Case and blanks do not count; `condition=` may stand before a condition, as kubectl has it.

    Raises:
        TerminalError: They mean none.
    """
    folded = fold(text).removeprefix("condition=")
    word, equals, value = folded.partition("=")
    if word == "reason" and value:
        return Goal(f"reason {value}", lambda p: p is not None and fold(p.reason) == value)
    kind = next((kind for kind in ConditionType if fold(kind.value) == word), None)
    if kind is not None and (value in _BOOLEANS or not equals):
        wanted = _BOOLEANS[value] if equals else True
        return Goal(f"{kind.value}={str(wanted).lower()}", _condition(kind, wanted=wanted))
    if not equals and word == fold(RUNNING):
        return Goal(RUNNING, lambda p: p is not None and p.alive and p.started_at is not None)
    if not equals and word == fold(DELETED):
        return Goal(DELETED, _is_gone)
    status = status_of(word) if not equals else None
    if status is not None:
        return Goal(status.value, _status(status))
    raise TerminalError("Usage", f"--for {text}: there are {', '.join(WORDS)}, reason=REASON")


def _condition(kind: ConditionType, *, wanted: bool) -> Test:
    def met(project: ProjectView | None) -> bool:
        conditions = project.conditions if project else ()
        return any(item.type is kind and item.status is wanted for item in conditions)

    return met


def _status(status: Status) -> Test:
    def met(project: ProjectView | None) -> bool:
        # in a row that is not valid the word is the user's, and nobody acts on it
        return project is not None and project.valid and status_of(project.status) is status

    return met


def _is_gone(project: ProjectView | None) -> bool:
    return project is None or (project.line is None and not project.alive)
