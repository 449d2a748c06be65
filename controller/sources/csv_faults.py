"""What can be wrong with CSV text, in words with a mend."""

from controller.sources.base import SourceInvalid


def nul_character(name: str, line: int) -> SourceInvalid:
    """The error for a NUL, which Python's reader would take for a letter."""
    return SourceInvalid(
        "NulCharacter",
        f"{name}, line {line}: a NUL character, which no text has. Save the file as UTF-8, or set "
        "priority_source.csv.encoding (UTF-16 files look like this).",
        line=line,
    )


def conflict_marker(name: str, line: int) -> SourceInvalid:
    """The error for what git leaves where two edits met; each side would be read as rows."""
    return SourceInvalid(
        "ConflictMarkers",
        f"{name}, line {line}: an unresolved merge conflict. Keep the rows that you want and "
        "delete the lines of <<<<<<<, =======, >>>>>>>.",
        line=line,
    )


def unclosed_quote(name: str, line: int) -> SourceInvalid:
    """The error for a quoted cell without an end; it would swallow all rows below it."""
    return SourceInvalid(
        "UnclosedQuote",
        f'{name}, line {line}: a quote (") opens a cell and nothing closes it. Close it, or '
        "double each quote that is meant as a character.",
        line=line,
    )


def text_after_quote(name: str, line: int, end: int) -> SourceInvalid:
    """The error for a quoted cell that does not end where its quote does.

    The line is where the cell begins: a forgotten quote there shows only at the next one.
    """
    return SourceInvalid(
        "TextAfterQuote",
        f"{name}, line {line}: the quoted cell that begins here is followed by more text in line "
        f"{end}. After the closing quote put a comma or the end of the line; double each quote "
        "that is meant as a character.",
        line=line,
    )
