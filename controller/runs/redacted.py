"""What a run's folder tells, without secrets: an agent can write there whatever it likes."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

_T = TypeVar("_T")
Redact = Callable[[str], str]
"""Takes the secrets out of a text."""


def redacted(value: _T, redact: Redact) -> _T:
    """A value without secrets, its dataclasses and tuples looked through; the same where none is.

    Args:
        value: Of dataclasses, tuples and plain values.
        redact: Takes them out of a text.
    """
    given: Any = value
    found: Any = value
    if type(given) is str:
        found = redact(given)
    elif type(given) is tuple:
        found = tuple(redacted(item, redact) for item in given)
    elif is_dataclass(value) and not isinstance(value, type):
        known = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        fresh = {name: redacted(item, redact) for name, item in known.items()}
        changed = {name: item for name, item in fresh.items() if item is not known[name]}
        return replace(value, **changed) if changed else value
    return value if found == value else found
