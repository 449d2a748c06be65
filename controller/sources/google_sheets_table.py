"""One content of a tab: its rows, and what stands where. Pure: values in, rows out."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from controller.core.row import CONTROLLER_COLUMNS, PROJECT, Row, Shape
from controller.sources.base import Snapshot, SourceEmpty, SourceInvalid
from controller.sources.header import resolve_header
from controller.sources.limits import MAX_ROWS

Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A tab's content.

    Attributes:
        header: The header's cells as they are spelled, without trailing blank ones.
        snapshot: What the source gives to its reader.
        shared: Names that several rows bear, the empty one included: they tell no row apart.
    """

    header: tuple[str, ...]
    snapshot: Snapshot
    shared: frozenset[str]

    def identity(self, cells: Mapping[str, str]) -> Identity:
        """By what a row is known again, wherever it moved.

        Its name; where several share that, all cells that are the user's alone.
        """
        name = cells.get(PROJECT, "").strip()
        if name not in self.shared:
            return (name,)
        own = (column for column in self.snapshot.columns if column not in CONTROLLER_COLUMNS)
        return (name, *(cells.get(column, "") for column in own))

    def known(self) -> dict[Identity, Row]:
        """Every row by what it is known by."""
        return {self.identity(row.cells): row for row in self.snapshot.rows}

    def cells(self, values: Sequence[object]) -> dict[str, str]:
        """A line's values by their columns."""
        padded = [*map(str, values), *([""] * len(self.snapshot.columns))]
        return dict(zip(self.snapshot.columns, padded, strict=False))

    def written(self, lines: Mapping[int, Mapping[str, str]]) -> "SheetTable":
        """The table after some lines were written.

        Args:
            lines: Line → all its cells.
        """
        rows = [
            replace(row, cells=dict(lines[row.line])) if row.line in lines else row
            for row in self.snapshot.rows
        ]
        return _table(self.header, self.snapshot.columns, rows)


def parse_values(
    values: Sequence[Sequence[object]], *, required: Sequence[str], name: str
) -> SheetTable:
    """Read a tab's values.

    Args:
        values: Line by line, as Google gives them: trailing blank cells and lines are left out.
        required: The columns without which the list is none.
        name: What messages call the list.

    Raises:
        SourceEmpty: It holds nothing.
        SourceInvalid: It is no list: the header is at fault, or there are too many rows.
    """
    if not any(str(cell).strip() for line in values for cell in line):
        raise SourceEmpty(
            "EmptySheet",
            f"{name} is empty. Restore it (File, Version history), or let `sidekick sheets init` "
            f"write the header into its first row: {', '.join(required)}",
        )
    header = tuple(map(str, values[0]))
    columns = resolve_header(header, required=required, name=name)
    lines = (_row(line, cells, columns) for line, cells in enumerate(values[1:], start=2))
    rows = [row for row in lines if not row.idle]
    if len(rows) > MAX_ROWS:
        raise SourceInvalid(
            "TooManyRows",
            f"{name} has {len(rows):,} rows, and at most {MAX_ROWS:,} are read. Move what is done "
            "to another tab.",
        )
    return _table(header, columns, rows)


def _row(line: int, values: Sequence[object], columns: Sequence[str]) -> Row:
    texts = [*map(str, values), *([""] * (len(columns) - len(values)))]
    extra = texts[len(columns) :]
    shape = Shape.WIDE if extra else Shape.EVEN
    while extra and not extra[-1].strip():
        extra.pop()
    cells = dict(zip(columns, texts, strict=False))
    return Row(line, cells, tuple(extra), shape)


def _table(header: tuple[str, ...], columns: tuple[str, ...], rows: Sequence[Row]) -> SheetTable:
    content = repr((columns, [(row.line, *row.cells.values(), *row.extra) for row in rows]))
    revision = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()
    names = Counter(row.cell(PROJECT) for row in rows)
    shared = frozenset({"", *(name for name, count in names.items() if count > 1)})
    return SheetTable(header, Snapshot(revision, columns, tuple(rows)), shared)
