"""What can be wrong with CSV text, in words with a mend."""

from controller.sources.base import SourceInvalid
from controller.sources.limits import MAX_CELLS, MAX_ROWS

NUL = "NulCharacter"
"""Python's reader would take it for a letter; `place` is the character in its line, from 1."""
CONFLICT = "ConflictMarkers"
"""What git leaves where two edits met; each side would be read as rows."""
UNCLOSED = "UnclosedQuote"
"""It would swallow all rows below it; `cell` is counted from 1, within its record."""
AFTER_QUOTE = "TextAfterQuote"
"""A cell that does not end where its quote does, but in the line `end`. The fault's line is where
the cell begins: a forgotten quote there shows only at the next one."""
ROWS = "TooManyRows"
"""A list that nobody keeps by hand."""
CELLS = "TooManyCells"
"""A line that no spreadsheet could show."""
DELIMITER = "WrongDelimiter"
"""Columns that something else than a comma separates: `word`."""
HEADER_CUT = "HeaderCut"
"""A text that ends within its header: nobody can tell what else there was."""

_TEXTS = {
    NUL: "character {place} is a NUL, which no text has. Save the file as UTF-8, or set "
    "priority_source.csv.encoding (UTF-16 files look like this).",
    CONFLICT: "an unresolved merge conflict. Keep the rows that you want and delete the lines of "
    "<<<<<<<, =======, >>>>>>>.",
    UNCLOSED: 'a quote (") opens cell {cell} and nothing closes it. Close it, or double each quote '
    "that is meant as a character.",
    AFTER_QUOTE: "cell {cell}, quoted, is followed by more text in line {end}. After the closing "
    "quote put a comma or the end of the line; double each quote that is meant as a character.",
    ROWS: f"more than {MAX_ROWS:,} rows. Delete what is done, or keep the archive in another file.",
    CELLS: f"more than {MAX_CELLS:,} cells in one line. Delete the commas that hold nothing, or "
    "put the line ends back.",
    DELIMITER: "the columns are separated by {word}. Save the file as CSV with commas (in "
    "LibreOffice: Save As, Edit filter settings, Field delimiter).",
    HEADER_CUT: "the file ends with its header, in the midst of the line. If rows are missing, "
    "restore them; if the list shall be empty, end the line.",
}


def csv_fault(reason: str, name: str, line: int, **values: int | str) -> SourceInvalid:
    """The error for one of these.

    Args:
        reason: Which.
        name: The list's name.
        line: Where, counted from 1.
        values: What its words name besides.
    """
    text = _TEXTS[reason].format(**values)
    return SourceInvalid(reason, f"{name}, line {line}: {text}", line=line)
