"""The rows of tmux's answers: fields between unit separators."""

SEPARATOR = "\x1f"
_ESCAPED = "\\037"
"""How tmux 3.4 and newer print it: as an octal escape, like every control character."""


def unescape_row(row: str) -> str:
    """A row with its separators as they were asked for, whichever tmux printed it."""
    return row.replace(_ESCAPED, SEPARATOR)
