"""Printable text: one line, and nothing in it that a terminal obeys, whatever it was made of."""

MARKS = 6
"""Combining marks on one letter; Tibetan stacks five. More of them reach into other lines."""


def clean(text: str) -> str:
    """The text on one line, every character that is not printable spelled out.

    So are combining marks beyond what a letter has in any script.
    """
    if text.isascii():
        return text if text.isprintable() else "".join(map(_spelled_at_need, text))
    marks, shown = 0, []
    for char in text:
        marks = marks + 1 if not char.isascii() and _is_mark(char) else 0
        shown.append(_spelled(char) if marks > MARKS else _spelled_at_need(char))
    return "".join(shown)


def _spelled_at_need(char: str) -> str:
    return char if char.isprintable() else _spelled(char)


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _is_mark(char: str) -> bool:
    import unicodedata  # a megabyte of tables, which plain words do without

    return unicodedata.category(char) in {"Mn", "Me"}
