"""Reading config.yaml: whatever the bytes are, a document with places or a fault with its own."""

from pathlib import Path

import yaml

from controller.settings.faults import SettingsInvalid
from controller.settings.yaml_marks import Document, parse

YAML_STUMBLES = (ValueError, KeyError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises besides its own errors: tags that do not fit, endless numbers, depth."""


def read(path: Path) -> Document:
    """Read the file.

    Raises:
        SettingsInvalid: It cannot be read, or is no YAML.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsInvalid([f"{path}: {error.strerror}"]) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(content[: error.start].decode("utf-8-sig"))
        raise SettingsInvalid([f"{path}{place}: is not UTF-8; save the file as UTF-8"]) from error
    try:
        return parse(text)
    except yaml.reader.ReaderError as error:
        place = _place(text[: error.position])
        raise SettingsInvalid([f"{path}{place}: a character that YAML does not allow"]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SettingsInvalid([f"{path}{place}: {error.problem or error.context}"]) from error
    except YAML_STUMBLES as error:
        text = f"a value that YAML cannot read ({type(error).__name__}: {str(error)[:100]})"
        raise SettingsInvalid([f"{path}: {text}"]) from error


def _place(before: str) -> str:
    """The place behind a text, as `:line:column`."""
    return f":{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
