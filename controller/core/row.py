"""A row: the cells of one line of the list, as the user wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass

PROJECT = "Project"
PRIORITY = "Priority"
STATUS = "Status"
AGENT = "Agent"
LAST_UPDATE = "Last Update"
NEXT_ACTION = "Next Action"
DEADLINE = "Deadline"
GPU = "GPU"
MODEL = "Model"
REASON = "Reason"
CREDITS_USED = "Credits Used"
PROPOSED_NEXT_ACTION = "Proposed Next Action"

CONTROLLER_COLUMNS = (STATUS, AGENT, LAST_UPDATE, REASON, CREDITS_USED, PROPOSED_NEXT_ACTION)
KNOWN_COLUMNS = (
    *(PROJECT, PRIORITY, STATUS, AGENT, LAST_UPDATE, NEXT_ACTION, DEADLINE, GPU, MODEL),
    *(REASON, CREDITS_USED, PROPOSED_NEXT_ACTION),
)
ALIASES = {"GPU?": GPU}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list.

    Attributes:
        line: The line of the file on which the row begins, counted from 1 (the header is 1).
        cells: Column name → text, outer blanks kept; every column of the header has an entry.
        extra: Cells beyond the header's last column, in order; a well-formed row has none.
    """

    line: int
    cells: Mapping[str, str]
    extra: tuple[str, ...] = ()

    def cell(self, column: str) -> str:
        """The text of a column without outer blanks; empty where the list lacks the column."""
        return self.cells.get(column, "").strip()
