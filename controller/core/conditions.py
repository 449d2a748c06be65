"""Conditions: three answers about a row, in the form that Kubernetes made common."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConditionType(StrEnum):
    """The questions that are answered for every row."""

    ACCEPTED = "Accepted"
    """The row is valid."""
    READY = "Ready"
    """The world is as the row wants it."""
    STALLED = "Stalled"
    """It will not get there by itself: a person must act."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One answer.

    Attributes:
        type: The question.
        status: True or False.
        reason: CamelCase, required.
        message: For a person.
        last_transition_time: When `status` last changed; a new reason alone does not move it.
    """

    type: ConditionType
    status: bool
    reason: str
    message: str
    last_transition_time: datetime


def transition(
    known: tuple[Condition, ...],
    answers: tuple[tuple[ConditionType, bool], ...],
    reason: str,
    message: str,
    now: datetime,
) -> tuple[Condition, ...]:
    """The conditions after a look; the known tuple itself where nothing changed."""
    before = {condition.type: condition for condition in known}
    after = tuple(
        Condition(
            kind,
            status,
            reason,
            message,
            before[kind].last_transition_time
            if kind in before and before[kind].status is status
            else now,
        )
        for kind, status in answers
    )
    return known if after == known else after
