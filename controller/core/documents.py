"""Documents: what is known, as plain JSON values, the same for the command and over the network.

A document is an object with the version of its form at its top. Field names are those of the
dataclasses; times are ISO 8601 texts with their zone, None is null.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from controller.core.detail import PlanView, ProjectDetail
from controller.core.events import Entry
from controller.core.report import VERSION, ProjectView, Report

Document = dict[str, Any]
"""JSON values only: dict with text keys, list, str, int, float, bool, None."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
_CONVERTERS: dict[type, Callable[[Any], Any]] = {}
"""Found once a type: a report has thousands of values."""


def document(**values: object) -> Document:
    """The document of some named values."""
    return {"version": VERSION, **{name: plain(value) for name, value in values.items()}}


def report_document(report: Report) -> Document:
    """A whole report, as `get -o json` prints it."""
    return {"version": VERSION, **plain(report)}


def projects_document(report: Report, projects: Iterable[ProjectView]) -> Document:
    """Some of a report's projects, and when they were so."""
    return document(at=report.at, projects=tuple(projects))


def status_document(
    report: Report, *, healthy: bool, ready: bool, faults: Mapping[str, str]
) -> Document:
    """The controller's health: its report without the projects, and the loop's own word."""
    whole = report_document(replace(report, projects=()))
    del whole["projects"]
    return {**whole, "healthy": healthy, "ready": ready, "faults": dict(faults)}


def plan_document(plan: PlanView) -> Document:
    """What would be done, or was; `errors` is an object, stage → what failed."""
    return {"version": VERSION, **plain(plan), "errors": dict(plan.errors)}


def detail_document(detail: ProjectDetail) -> Document:
    """Everything about one project."""
    return {"version": VERSION, **plain(detail)}


def events_document(entries: Iterable[Entry]) -> Document:
    """Some events, in their order."""
    return document(events=tuple(entries))


def event_document(entry: Entry) -> Document:
    """One event."""
    return {"version": VERSION, **plain(entry)}


def plain(value: object) -> Any:
    """A value of the core as plain JSON values.

    Raises:
        TypeError: It is of no kind that documents are made of.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind not in _CONVERTERS:
        _CONVERTERS[kind] = _converter(kind)
    return _CONVERTERS[kind](value)


def _converter(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, datetime):
        return _time
    if issubclass(kind, date):
        return date.isoformat
    if is_dataclass(kind):
        return _fields(tuple(field.name for field in fields(kind)))
    if issubclass(kind, Mapping):
        return lambda value: {str(key): plain(item) for key, item in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [plain(item) for item in value]
    raise TypeError(f"no document is made of a {kind.__name__}")


def _fields(names: tuple[str, ...]) -> Callable[[Any], Document]:
    def convert(value: Any) -> Document:
        found: Document = {}
        for name in names:
            item = getattr(value, name)
            # Most values are plain already: to ask here, and not in `plain`, saves a third.
            found[name] = item if type(item) in _PLAIN else plain(item)
        return found

    return convert


def _time(value: datetime) -> str:
    text = value.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
