"""Reading config.yaml: whatever the bytes are, a document with places or a fault with its own."""

from pathlib import Path

import yaml

from controller.core.faults import shorten
from controller.settings.content import read_between_saves
from controller.settings.faults import SettingsInvalid
from controller.settings.yaml_marks import Document, Lines, parse

YAML_STUMBLES = (
    *(ValueError, KeyError, AttributeError, TypeError),
    *(OverflowError, RecursionError),
)
"""What PyYAML raises besides its own errors: tags that do not fit, endless numbers, depth."""
LIMIT = 262_144
"""Bytes of the file: some thousand projects; PyYAML needs a second for it."""
_MENDS = (
    ("\\t", "indent with blanks, and not with tabs"),
    ("mapping values are not allowed", "put quotes around a text that holds a colon"),
    ("undefined alias", "put quotes around a text that begins with *"),
    ("could not determine a constructor", "take the tag (!…) out"),
    ("found unexpected end of stream", "close the quote"),
    ("cannot start any token", "put quotes around the text"),
    ("but found another document", "keep one document: delete the line ---"),
    ("expected <block end>", "look at the indentation, and for a bracket or quote left open"),
    ("expected ',' or", "close the bracket"),
)
"""Words of PyYAML's → what a person does."""


def read(path: Path) -> Document:
    """Read the file.

    Raises:
        SettingsInvalid: It cannot be read, or is no YAML.
        SettingsBusy: It is in the midst of a save.
    """
    try:
        content = read_between_saves(path, LIMIT)
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise SettingsInvalid([f"{path}: {text}; mend it, or see --config"]) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(content[: error.start].decode("utf-8-sig"))
        raise SettingsInvalid([f"{path}{place}: is not UTF-8; save the file as UTF-8"]) from error
    try:
        return parse(text)
    except yaml.reader.ReaderError as error:
        place = _place(text[: error.position])
        text = "a character that YAML does not allow; delete it, or spell it out (\\x00) in quotes"
        raise SettingsInvalid([f"{path}{place}: {text}"]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = _place(text[: mark.index]) if mark else ""
        what = shorten(error.problem or error.context or "it is no YAML", 200)
        raise SettingsInvalid([f"{path}{place}: {what}{_mend(what)}"]) from error
    except YAML_STUMBLES as error:
        deep = isinstance(error, RecursionError)
        what = "nested too deep" if deep else shorten(f"{type(error).__name__}: {error}", 120)
        text = f"it cannot be read: {what}; look for a bracket left open"
        raise SettingsInvalid([f"{path}: {text}"]) from error


def _mend(problem: str) -> str:
    """What to do about the commonest faults; PyYAML's own words tell only what it found."""
    return next((f"; {mend}" for part, mend in _MENDS if part in problem), "")


def _place(before: str) -> str:
    """The place behind a text, as `:line:column`."""
    mark = Lines(before).mark(len(before))
    return f":{mark.line}:{mark.column}"
