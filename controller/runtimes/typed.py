"""What may be typed into a session: a text that is nothing but a text, and keys by their names."""

import re
from collections.abc import Sequence

from controller.runtimes.base import RuntimeFault

LIMIT = 100_000
"""Bytes of a text."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-_])?")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,15}")


def check_text(text: str) -> str:
    """The text as it is pasted: without escapes, which could end the paste, and control characters.

    Raises:
        RuntimeFault: `TextTooLong`; `NothingToType`.
    """
    text = _LINE_ENDS.sub("\n", _ESCAPES.sub("", text))
    text = _CONTROL.sub("", text).strip("\n").encode("utf-8", "replace").decode()
    if not text.strip():
        raise RuntimeFault("NothingToType", "The text is empty: nothing was typed.")
    size = len(text.encode())
    if size > LIMIT:
        raise RuntimeFault(
            "TextTooLong",
            f"The text has {size:,} bytes, and at most {LIMIT:,} can be typed: put it into a file "
            "of the project's folder, and name that file instead.",
        )
    return text


def check_keys(keys: Sequence[str]) -> tuple[str, ...]:
    """Let only single keys pass: a character, or a name such as `Enter`, `Escape`, `Tab`.

    Raises:
        ValueError: One is no key's name.
    """
    for key in keys:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a key's name: {key!r}")
    return tuple(keys)
