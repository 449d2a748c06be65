"""A row: the cells of one line of the list, as the user wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

PROJECT = "Project"
PRIORITY = "Priority"
STATUS = "Status"
AGENT = "Agent"
LAST_UPDATE = "Last Update"
NEXT_ACTION = "Next Action"
DEADLINE = "Deadline"
GPU = "GPU"
MODEL = "Model"
MODE = "Mode"
REASON = "Reason"
CREDITS_USED = "Credits Used"
PROPOSED_NEXT_ACTION = "Proposed Next Action"

CONTROLLER_COLUMNS = (STATUS, AGENT, LAST_UPDATE, REASON, CREDITS_USED, PROPOSED_NEXT_ACTION)
KNOWN_COLUMNS = (
    *(PROJECT, PRIORITY, STATUS, AGENT, LAST_UPDATE, NEXT_ACTION, DEADLINE, GPU, MODEL, MODE),
    *(REASON, CREDITS_USED, PROPOSED_NEXT_ACTION),
)
ALIASES = {"GPU?": GPU}
NO_WORDS = frozenset({"", "no", "n", "false", "0"})
"""What the GPU cell says for No, in small letters: an unchecked checkbox is FALSE."""


class Shape(Enum):
    """How a row's cells and the header's meet."""

    EVEN = auto()
    """Cell by cell; those that a shorter row lacks are empty."""
    WIDE = auto()
    """There are more cells than columns, blank ones perhaps: a cell may stand a place too far."""
    CUT = auto()
    """The text ends within the row: cells are missing, and the last one may be half."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list.

    Attributes:
        line: The line of the file on which the row begins, counted from 1 (the header is 1).
        cells: Column name → text, outer blanks kept; every column of the header has an entry.
        extra: Cells beyond the header's last column, in order; a well-formed row has none.
        shape: How its cells and the header's meet.
    """

    line: int
    cells: Mapping[str, str]
    extra: tuple[str, ...] = ()
    shape: Shape = Shape.EVEN

    def cell(self, column: str) -> str:
        """The text of a column without outer blanks; empty where the list lacks the column."""
        return self.cells.get(column, "").strip()

    @property
    def idle(self) -> bool:
        """Whether it says nothing in any known column, as a line below the list does.

        Checkboxes that were put into a whole column say FALSE there, formulas of the user's own
        columns go on, and notes stand beside the list.
        """
        return (
            self.shape is not Shape.CUT
            and self.cell(GPU).lower() in NO_WORDS
            and not any(self.cell(column) for column in KNOWN_COLUMNS if column != GPU)
        )
