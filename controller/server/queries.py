"""Queries: what may stand behind the `?` of an address, and what it means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import QueryParams

from controller.server.problems import Problem

_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


class Query(Protocol):
    """One parameter."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def about(self) -> str:
        """What it does, for the API's description."""
        ...

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        ...

    def read(self, values: Sequence[str]) -> Any:
        """The value of what was sent; of an empty sequence where nothing was.

        Raises:
            Problem: It cannot be understood.
        """
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """A parameter that may come several times: any of the words; a tuple of str."""

    name: str
    about: str

    def schema(self) -> dict[str, Any]:
        """An array of strings."""
        return {"type": "array", "items": {"type": "string"}}

    def read(self, values: Sequence[str]) -> tuple[str, ...]:
        """All of them."""
        return tuple(values)


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or None where it is not given."""

    name: str
    about: str

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"type": "string"}

    def read(self, values: Sequence[str]) -> str | None:
        """The text."""
        return _single(self.name, values)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between two others, or a default."""

    name: str
    about: str
    low: int
    high: int
    default: int | None = None

    def schema(self) -> dict[str, Any]:
        """An integer with its bounds."""
        bounds = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return bounds if self.default is None else {**bounds, "default": self.default}

    def read(self, values: Sequence[str]) -> int | None:
        """The number."""
        text = _single(self.name, values)
        if text is None:
            return self.default
        if _DIGITS.fullmatch(text) and self.low <= int(text) <= self.high:
            return int(text)
        raise _invalid(f"{self.name} must be a whole number from {self.low} to {self.high}")


def read_queries(known: Sequence[Query], given: QueryParams) -> Mapping[str, Any]:
    """Every known parameter's value.

    Raises:
        Problem: One is unknown, or cannot be understood.
    """
    names = [query.name for query in known]
    for name in given:
        if name not in names:
            there_are = f"there are: {', '.join(names)}" if names else "there are none here"
            raise _invalid(f"no such parameter {name!r}; {there_are}")
    return {query.name: query.read(given.getlist(query.name)) for query in known}


def _single(name: str, values: Sequence[str]) -> str | None:
    if len(values) > 1:
        raise _invalid(f"{name} may come once only")
    return values[0] if values else None


def _invalid(text: str) -> Problem:
    return Problem(400, "QueryInvalid", text)
