"""Documents: plain JSON values, the same that pydantic would make of the same dataclasses."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from controller.core.conditions import Condition, ConditionType
from controller.core.detail import PlanView, ProjectDetail
from controller.core.documents import (
    detail_document,
    document,
    event_document,
    events_document,
    plain,
    plan_document,
    projects_document,
    report_document,
    status_document,
)
from controller.core.report import ProjectView, Report, SourceView
from tests.server.world import ACTION, ALPHA, GAMMA, NOW, REPORT, RUN, entry

TIMES = st.datetimes(
    timezones=st.none()
    | st.just(UTC)
    | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
TEXTS = st.text(st.characters(codec="utf-8"))


def by_pydantic(value: object) -> Any:
    """The same by pydantic."""
    return json.loads(TypeAdapter(type(value)).dump_json(value))


@given(TIMES, TEXTS, st.none() | st.integers(), st.none() | st.dates(), st.booleans())
def test_values(at: datetime, text: str, number: int | None, day: date | None, yes: bool) -> None:
    """Times, dates, texts, numbers, enums, tuples, mappings."""
    project = ProjectView(
        text, text, text, text, text, priority=number, deadline=day, gpu=yes, since=at,
        conditions=(Condition(ConditionType.READY, yes, text, text, at),),
    )  # fmt: skip
    report = Report(at, SourceView(text, text, yes), (project,), errors={text: text})
    assert plain(report) == by_pydantic(report)


def test_report() -> None:
    """A report's document is the report, with its version at the top."""
    made = report_document(REPORT)
    assert made == by_pydantic(REPORT)
    assert next(iter(made)) == "version"
    assert list(made["projects"][0]) == list(by_pydantic(ALPHA))


def test_projects() -> None:
    """Some of the projects."""
    made = projects_document(REPORT, [GAMMA])
    assert list(made) == ["version", "at", "projects"]
    assert made["projects"] == [by_pydantic(GAMMA)]


def test_status() -> None:
    """The report without its projects, and what the loop says."""
    faults = MappingProxyType({"observe": "tmux hangs"})
    made = status_document(REPORT, healthy=True, ready=False, faults=faults)
    assert {*made} == {*report_document(REPORT), "healthy", "ready", "faults"} - {"projects"}
    assert (made["healthy"], made["ready"], made["faults"]) == (True, False, dict(faults))


def test_plan() -> None:
    """Errors are an object, as in the report."""
    plan = PlanView(NOW, (ACTION,), (("read", "a"), ("observe", "b")), "abc", ("A",), known=False)
    made = plan_document(plan)
    assert made["errors"] == {"read": "a", "observe": "b"}
    assert made["actions"] == [by_pydantic(ACTION)]
    assert (made["prune"], made["blocked"], made["known"]) == ("abc", ["A"], False)


def test_detail_and_events() -> None:
    """Everything about a project, and events."""
    detail = ProjectDetail(ALPHA, (ACTION,), (RUN,), (entry(1),), ("last", "lines"))
    assert detail_document(detail) == {"version": "sidekick/v1", **by_pydantic(detail)}
    assert event_document(entry(1)) == {"version": "sidekick/v1", **by_pydantic(entry(1))}
    assert events_document([entry(1)])["events"] == [by_pydantic(entry(1))]


def test_a_mapping_that_cannot_be_changed() -> None:
    """Any mapping becomes an object."""
    report = replace(REPORT, errors=MappingProxyType({"read": "x"}))
    assert report_document(report)["errors"] == {"read": "x"}


class Colour(Enum):
    """An enum that is no text itself."""

    RED = "red"


def test_an_enum() -> None:
    """An enum is its value."""
    assert document(colour=Colour.RED)["colour"] == "red"


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, timedelta(1)])
def test_what_no_document_is_made_of(value: object) -> None:
    """A kind that nobody thought of is no silent text."""
    with pytest.raises(TypeError, match="no document is made of"):
        plain(value)


@dataclass(frozen=True, slots=True)
class Empty:
    """A dataclass without fields."""


def test_a_dataclass_without_fields() -> None:
    """It is an empty object."""
    assert plain(Empty()) == {}
