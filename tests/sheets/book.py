"""A spreadsheet as Google keeps it, and the hands of the people who share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sheets.looks import Looks
from tests.sheets.ranges import Area


@dataclass(slots=True)
class Tab:
    """One tab.

    Attributes:
        gid: Its number, which stays when it is renamed.
        title: Its name.
        cells: Its rows; shorter ones end with blank cells.
        protected: Whether nobody but its owner may write.
        width: How many columns its grid has.
        looks: What `arrange` did to it.
    """

    gid: int
    title: str
    cells: list[list[str]] = field(default_factory=list)
    protected: bool = False
    width: int = 26
    looks: Looks = field(default_factory=Looks)

    def read(self, area: Area) -> list[list[str]]:
        """The values of a range, trailing blank cells and rows left out as Google does."""
        rows = [trimmed(row[area.left : area.right]) for row in self.cells[area.top : area.bottom]]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def write(self, area: Area, values: Sequence[Sequence[Any]]) -> None:
        """Store values RAW; None leaves a cell alone."""
        for down, row in enumerate(values, start=area.top):
            while len(self.cells) <= down:
                self.cells.append([])
            cells = self.cells[down]
            for right, value in enumerate(row, start=area.left):
                if value is not None:
                    cells += [""] * (right + 1 - len(cells))
                    cells[right] = shown(value)

    def append(self, values: Sequence[Sequence[Any]]) -> None:
        """Insert rows below the table that begins in A1, which ends at a blank row."""
        blank = (place for place, row in enumerate(self.cells) if not any(row))
        end = next(blank, len(self.cells))
        self.cells[end:end] = [[shown(value) for value in row] for row in values]

    # -- a person's hands -----------------------------------------------------------------------

    def save(self, rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> None:
        """Replace the whole tab."""
        self.cells = [list(columns), *([row.get(name, "") for name in columns] for row in rows)]

    def row_of(self, project: str) -> int:
        """The place of the first row with that first cell."""
        return next(place for place, row in enumerate(self.cells) if row and row[0] == project)

    def insert(self, place: int, row: Sequence[str]) -> None:
        """Insert a row above the one at that place."""
        self.cells.insert(place, list(row))

    def delete(self, place: int) -> None:
        """Delete a row; those below move up."""
        del self.cells[place]

    def sort(self, *, reverse: bool = False) -> None:
        """Sort all rows but the header by their first cell."""
        self.cells[1:] = sorted(self.cells[1:], key=lambda row: row[:1], reverse=reverse)

    def type(self, project: str, column: str, text: str) -> None:
        """Type into one cell."""
        place = self.cells[0].index(column)
        row = self.cells[self.row_of(project)]
        row += [""] * (place + 1 - len(row))
        row[place] = text

    def table(self) -> list[dict[str, str]]:
        """Every row that is not blank, as column → text."""
        header = self.cells[0]
        return [
            dict(zip(header, [*row, *([""] * (len(header) - len(row)))], strict=False))
            for row in self.cells[1:]
            if any(row)
        ]


@dataclass(slots=True)
class Book:
    """A spreadsheet.

    Attributes:
        id: Its key.
        title: Its name in Drive.
        tabs: Its tabs, in order.
        readers: Who may read it, by e-mail address.
        writers: Who may write it too.
        public: Whether everybody with the link may read it.
    """

    id: str
    title: str
    tabs: list[Tab]
    readers: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    public: bool = False

    def tab(self, title: str) -> Tab | None:
        """The tab of that name, without regard to case, as Google finds it."""
        return next((one for one in self.tabs if one.title.lower() == title.lower()), None)


def trimmed(row: Sequence[str]) -> list[str]:
    """A row without its trailing blank cells."""
    count = len(row)
    while count and row[count - 1] == "":
        count -= 1
    return list(row[:count])


def shown(value: object) -> str:
    """A value as FORMATTED_VALUE shows it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)
