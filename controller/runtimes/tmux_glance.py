"""A glance at a pane: what it shows, and where its cursor is.

Terminal programs put the cursor behind what was typed, also where they hide it. So a draft that
stands to be sent is known by the text before the cursor, whatever else the screen shows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import punctuation

from controller.runtimes.tmux_listing import IDENTITY
from controller.runtimes.tmux_mark import mark_condition
from controller.runtimes.tmux_row import SEPARATOR, unescape_row

_STATE = ("#{pane_dead}", "#{pane_in_mode}", "#{cursor_x}", "#{cursor_y}")
_TAIL = 24
"""So much of a draft's end is looked for; no line of a terminal is shorter."""
_CHIP = re.compile(r"\[Pasted[^\]]*\]$")
"""Claude Code and Codex show a long text so, instead of its lines."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a pane showed at one moment.

    Attributes:
        dead: Its process has ended.
        scrolled: A person looks at earlier lines; keys would be taken for that.
        column: The cursor's, from 0.
        row: The cursor's, from 0.
        lines: The screen's.
    """

    dead: bool
    scrolled: bool
    column: int
    row: int
    lines: tuple[str, ...]

    @property
    def cursor(self) -> str:
        """The tmux format that is true as long as the cursor is where it was."""
        return f"#{{&&:#{{==:#{{cursor_x}},{self.column}}},#{{==:#{{cursor_y}},{self.row}}}}}"

    def holds(self, draft: str) -> bool:
        """Whether the draft ends right before the cursor, to be sent."""
        before = (*self.lines[: self.row], self._line[: self.column])
        shown = _squeezed("".join(before))
        return bool(_CHIP.search(shown)) or shown.endswith(_squeezed(draft)[-_TAIL:])

    def took(self, draft: str, shown: "Glance") -> bool:
        """Whether the draft, which was shown so before, is no longer there to be sent.

        A program that reads plain lines leaves it on the screen, and goes on below.
        """
        below = self.column == 0 and not self._line.strip()
        moved = (self.row, self.column) != (shown.row, shown.column)
        return below or not self.holds(draft) or (moved and not _squeezed(draft))

    @property
    def _line(self) -> str:
        return self.lines[self.row] if self.row < len(self.lines) else ""


def glance_command(owner: str, run: str, pane: str) -> tuple[str, ...]:
    """The tmux command that gives what `read_glance` reads."""
    state = (IDENTITY, mark_condition(owner, run), *_STATE)
    return (
        *("display-message", "-p", "-t", pane, SEPARATOR.join(state), ";"),
        *("capture-pane", "-p", "-t", pane),
    )


def read_glance(answer: Sequence[str], server: str) -> Glance | None:
    """The glance; None where the pane is not the one that was meant."""
    words = unescape_row(answer[0]).split(SEPARATOR) if answer else []
    if len(words) != 2 + len(_STATE) or words[:2] != [server, "1"]:
        return None
    dead, scrolled, column, row = words[2:]
    if not (column.isdecimal() and row.isdecimal()):
        return None
    return Glance(dead == "1", scrolled == "1", int(column), int(row), tuple(answer[1:]))


def _squeezed(text: str) -> str:
    """A text without blanks, frames, and characters that a terminal may show otherwise."""
    return "".join(each for each in text if each.isalnum() or each in punctuation)
