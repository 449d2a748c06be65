"""A project: a row that passed the schema and became a typed value, the desired state."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from controller.core import row as columns
from controller.core.digest import digest
from controller.core.faults import Fault
from controller.core.intent import Pair
from controller.core.row import Row
from controller.core.words import Status, status_of

NAME_LIMIT = 200
TEXT_LIMIT = 100_000
"""Characters of a cell: as an argument of a program Linux takes 131,071 bytes (MAX_ARG_STRLEN)."""
TEXT_BYTES_LIMIT = 128_000
LAST_PRIORITY = 1000
"""Where an empty Priority stands in the order: behind 999."""

_YES = frozenset({"yes", "y", "true", "1"})
_MODES = frozenset({"", "headless", "interactive"})


def _priority(text: str) -> int | None:
    if text == "":
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError("not a whole number")
    return int(text)


def _status(text: str) -> Status | None:
    if text == "":
        return None
    status = status_of(text)
    if status is None:
        raise ValueError("allowed: " + ", ".join(Status) + ", or empty")
    return status


def _deadline(text: str) -> date | None:
    if text == "":
        return None
    if len(text) != len("2026-01-31"):
        raise ValueError("no ISO date")
    return date.fromisoformat(text)


def _gpu(text: str) -> bool:
    folded = text.lower()
    if folded in _YES:
        return True
    if folded in columns.NO_WORDS:
        return False
    raise ValueError("allowed: Yes, No, or empty")


def _mode(text: str) -> str:
    folded = text.lower()
    if folded in _MODES:
        return folded
    raise ValueError("allowed: headless, interactive, or empty")


def _argument(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES_LIMIT:
        raise ValueError(f"longer than the {TEXT_BYTES_LIMIT:,} bytes that an argument may have")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


class Project(BaseModel):
    """The desired state of one project, as its row states it.

    Attributes:
        row: The row that it was read from.
        name: The Project cell without outer blanks: the identity, exact.
        priority: 1 (first) to 999, or None for last.
        status: The word in the Status cell; None where it is empty.
        agent: The Agent cell: the user's word or the controller's own, see `intent`.
        last_update: The Last Update cell, uninterpreted: with `status` the row's version.
        next_action: The prompt.
        deadline: ISO date, or None.
        gpu: Whether it needs a GPU.
        model: The Model cell, a key of the settings' `models`.
        mode: `headless` or `interactive`; empty for the agent's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    row: Row
    name: str = Field(min_length=1, max_length=NAME_LIMIT, pattern=r"^[^\x00-\x1f\x7f]+$")
    priority: Annotated[Annotated[int, Field(ge=1, le=999)] | None, BeforeValidator(_priority)] = (
        None
    )
    status: Annotated[Status | None, BeforeValidator(_status)] = None
    agent: str = Field(default="", max_length=100)
    last_update: str = Field(default="", max_length=100)
    next_action: Annotated[str, BeforeValidator(_argument)] = Field("", max_length=TEXT_LIMIT)
    deadline: Annotated[date | None, BeforeValidator(_deadline)] = None
    gpu: Annotated[bool, BeforeValidator(_gpu)] = False
    model: str = Field(default="", max_length=100)
    mode: Annotated[str, BeforeValidator(_mode)] = ""

    @cached_property
    def pair(self) -> Pair:
        """The row's version."""
        return Pair.of(self.status, self.last_update)

    @cached_property
    def action_digest(self) -> str:
        """Fingerprint of the Next Action."""
        return digest(self.next_action)

    @cached_property
    def user_digest(self) -> str:
        """Fingerprint of the cells that are the user's alone, but for the name."""
        ours = {*columns.CONTROLLER_COLUMNS, columns.PROJECT}
        cells = sorted(self.row.cells.items())
        return digest(*(f"{name}={text.strip()}" for name, text in cells if name not in ours))

    @cached_property
    def order(self) -> tuple[int, date, int]:
        """The key of the order of importance: priority, then deadline, then place in the list."""
        return (self.priority or LAST_PRIORITY, self.deadline or date.max, self.row.line)


_FIELDS: Mapping[str, str] = {
    "name": columns.PROJECT,
    "priority": columns.PRIORITY,
    "status": columns.STATUS,
    "agent": columns.AGENT,
    "last_update": columns.LAST_UPDATE,
    "next_action": columns.NEXT_ACTION,
    "deadline": columns.DEADLINE,
    "gpu": columns.GPU,
    "model": columns.MODEL,
    "mode": columns.MODE,
}


def type_row(row: Row) -> Project | tuple[Fault, ...]:
    """Type a row's cells; where a cell has no such type, the faults, each with its column."""
    cells: dict[str, Any] = {field: row.cell(column) for field, column in _FIELDS.items()}
    try:
        return Project(row=row, **cells)
    except ValidationError as error:
        return tuple(
            Fault(
                line=row.line,
                column=_FIELDS[str(item["loc"][0])],
                value=row.cell(_FIELDS[str(item["loc"][0])]),
                allowed=item["msg"].removeprefix("Value error, "),
            )
            for item in error.errors(include_url=False)
        )
