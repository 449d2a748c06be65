"""Columns: plain tables for terminals and pipes, whatever the cells hold."""

from collections.abc import Sequence
from datetime import datetime

from controller.printable import MARKS, clean

GAP = "  "


def line(text: str, cells: int) -> str:
    """The text on one line, clean, cut to so many cells; of a long text the beginning is read."""
    return fit(clean(text[: cells * (MARKS + 1) + 1]), cells)


def width(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    import unicodedata  # as in `printable`

    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, cells: int) -> str:
    """The text in at most so many cells, cut with an ellipsis."""
    if width(text) <= cells:
        return text
    taken = 0
    for index, char in enumerate(text):
        taken += 1 if char.isascii() else _width(char)
        if taken > cells - 1:
            return text[:index] + "…"
    return text


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    limits: Sequence[int],
    least: Sequence[int] = (),
) -> str:
    """A table: upper-case header, cells cut to their column's limit, no trailing blanks.

    Args:
        header: The columns' names; empty for a table without a header.
        rows: Cells, as many as there are limits.
        limits: The most cells of a terminal for each column; 0 for no limit.
        least: The fewest, for tables that grow line by line.
    """
    printed = [[name.upper() for name in header]] if header else []
    printed += [
        [line(cell, limit) if limit else clean(cell)
         for cell, limit in zip(row, limits, strict=True)]
        for row in rows
    ]  # fmt: skip
    widths = [
        max([width(cells[index]) for cells in printed] + [*least[index : index + 1]])
        for index in range(len(limits) if printed else 0)
    ]
    return "\n".join(
        GAP.join(
            cell + " " * (size - width(cell)) for cell, size in zip(cells, widths, strict=True)
        ).rstrip()
        for cells in printed
    )


def age(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit or two, as kubectl prints it; empty for never."""
    if at is None:
        return ""
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s"
    if hours < 2:
        return f"{minutes}m"
    if hours < 10:
        return f"{hours}h{minutes % 60}m"
    return f"{hours}h" if hours < 48 else f"{days}d"
