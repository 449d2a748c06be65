"""The desired state: every row of one read of the list, valid or not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from controller.core import row as columns
from controller.core.faults import Fault
from controller.core.project import Project, type_row
from controller.core.row import Row, Shape
from controller.core.row_schema import RowSchema

_HEADER = (columns.PROJECT, columns.PRIORITY, columns.STATUS)
"""A row that says no more than these columns' own names is another list's header."""
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ")
"""How git's lines begin, in their order, around the two sides of a conflict."""
_COMPUTED = (columns.PROJECT, columns.NEXT_ACTION, columns.AGENT, columns.MODEL)
_FORMULA_ERRORS = frozenset(
    ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#ERROR!", "Loading...")
)
"""What a spreadsheet shows in the place of a formula's text (Google's ERROR.TYPE; IMPORTRANGE while
it loads). As a prompt it would cost a run, as a name or a model it would end one."""


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that is shown with its faults and acted on in no other way.

    Attributes:
        row: The row as read.
        faults: At least one.
    """

    row: Row
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """The Project cell; may be empty, or shared with other rows."""
        return self.row.cell(columns.PROJECT)


@dataclass(frozen=True, slots=True)
class Desired:
    """What one whole read of the list wants.

    Attributes:
        projects: Name → project, in the list's order; names are unique.
        invalid: Rows that passed not, in the list's order.
    """

    projects: Mapping[str, Project]
    invalid: tuple[InvalidRow, ...] = ()

    @property
    def present(self) -> frozenset[str]:
        """Every name that the list holds, in valid and invalid rows."""
        return frozenset(self.projects) | {row.name for row in self.invalid if row.name}

    @property
    def nameless(self) -> bool:
        """Whether a row lost its name, so that absence of a name proves no deletion.

        The name of a row with a comma too many, or of one that ends in its midst, may be half; one
        of two rows with the same name may be another that was renamed; a formula may have lost it.
        """
        names = Counter(row.name for row in self.invalid)
        return any(
            not row.name
            or names[row.name] > 1
            or row.row.shape is not Shape.EVEN
            or row.name in _FORMULA_ERRORS
            for row in self.invalid
        )


def parse_row(row: Row, schema: RowSchema) -> Project | InvalidRow:
    """A row becomes a project, or stays a row with its faults."""
    faults = _shape(row) or schema.faults(row)
    if faults:
        return InvalidRow(row, faults)
    typed = type_row(row)
    return typed if isinstance(typed, Project) else InvalidRow(row, typed)


def parse_rows(rows: Iterable[Row], schema: RowSchema) -> Desired:
    """Parse every row by itself; rows that share a name are all invalid."""
    parsed = [parse_row(row, schema) for row in rows]
    counts = Counter(item.name for item in parsed if item.name)
    lines = defaultdict(list)
    for item in parsed:
        if counts[item.name] > 1:
            lines[item.name].append(item.row.line)
    projects: dict[str, Project] = {}
    invalid: list[InvalidRow] = []
    for item in parsed:
        if item.name in lines:
            others = ", ".join(str(line) for line in lines[item.name] if line != item.row.line)
            fault = Fault(
                item.row.line,
                columns.PROJECT,
                item.name,
                f"the same name stands on line {others}; rename or delete one",
                "DuplicateProject",
            )
            invalid.append(InvalidRow(item.row, (fault,)))
        elif isinstance(item, Project):
            projects[item.name] = item
        else:
            invalid.append(item)
    return Desired(projects, tuple(invalid))


def with_written(desired: Desired, written: Iterable[tuple[str, Mapping[str, str]]]) -> Desired:
    """The rows as they stand after some cells were written, until they are read again.

    Where the list cannot be read for a while, plans are made on these: they must not take what the
    controller wrote itself for a row that still waits for it. The schema, whose rules may take
    their time, is for the next read.

    Args:
        desired: As it was read.
        written: Name and cells of every row that was written.
    """
    projects = dict(desired.projects)
    for name, cells in written:
        if name in projects:
            row = projects[name].row
            known = {column: text for column, text in cells.items() if column in row.cells}
            typed = type_row(replace(row, cells={**row.cells, **known}))
            if isinstance(typed, Project):
                projects[name] = typed
    return replace(desired, projects=projects)


def _shape(row: Row) -> tuple[Fault, ...]:
    """What is wrong with the row as a whole, whatever its cells say."""
    if row.shape is Shape.CUT:
        text = "the file ends within this row; complete it, or end the line where it is whole"
        return (Fault(row.line, "", "", text, "RowCut"),)
    if row.extra:
        text = (
            f"the row has {len(row.extra):,} cells more than the header; in a CSV file a cell that "
            "holds a comma needs quotes around it, in a sheet a column needs a name"
        )
        return (Fault(row.line, "", "", text, "TooManyCells"),)
    if all(row.cell(column) == column for column in _HEADER):
        text = "this line is the header once more; delete it"
        return (Fault(row.line, "", "", text, "RepeatedHeader"),)
    failed = next((column for column in _COMPUTED if row.cell(column) in _FORMULA_ERRORS), "")
    if failed:
        text = "a formula that fails or is not ready; correct it, or type the text itself"
        return (Fault(row.line, failed, row.cell(failed), text, "FormulaError"),)
    torn = next((column for column, text in row.cells.items() if _torn(text)), "")
    if torn:
        text = "the cell holds an unresolved merge conflict; keep the lines that you want"
        return (Fault(row.line, torn, row.cell(torn), text, "ConflictMarkers"),)
    return ()


def _torn(text: str) -> bool:
    """Whether git left both sides of a conflict in a cell of several lines."""
    if _CONFLICT[0] not in text:
        return False
    lines = iter(text.splitlines())
    return all(any(line.startswith(mark) for line in lines) for mark in _CONFLICT)
