"""Schemas: the JSON Schema of every document, made from the dataclasses that it is made of."""

import re
from typing import Any

from pydantic import TypeAdapter

from controller.core.detail import PlanView, ProjectDetail
from controller.core.events import Entry
from controller.core.report import VERSION, Report

Schema = dict[str, Any]
PREFIX = "#/components/schemas/"
_SOURCES = (Report, PlanView, ProjectDetail, Entry)
_TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {6,}.+)*)", re.MULTILINE)


def schemas() -> dict[str, Schema]:
    """Name → schema, of every document and of what is in it; a fresh value."""
    found = _found()
    report, plan = found.pop("Report"), found.pop("PlanView")
    detail, entry = found.pop("ProjectDetail"), found["Entry"]
    left_out = {"projects", "version"}
    health = {
        **{name: schema for name, schema in _members(report).items() if name not in left_out},
        "healthy": {"type": "boolean", "description": "Whether the loop makes progress."},
        "ready": {"type": "boolean", "description": "Whether list and sessions were seen."},
        "faults": {**_TEXTS, "description": "Stage → what failed in the newest tick."},
    }
    errors = {**_TEXTS, "description": _members(plan)["errors"].get("description", "")}
    return {
        **found,
        "Projects": _document(
            "Projects, and when they were so.",
            at=_members(report)["at"], projects=_members(report)["projects"],
        ),
        "Project": _document("Everything about one project.", **_members(detail)),
        "Status": _document("The controller's health.", **health),
        "Plan": _document(plan["description"], **{**_members(plan), "errors": errors}),
        "Events": _document("Events, the oldest first.", events=_list("Entry")),
        "Event": _document(entry["description"], **_members(entry)),
        "Revision": _document("The board changed.", revision={"type": "integer"}),
        "Stream": {"type": "string", "description": "Server-sent events; see the HTML standard."},
        "Done": _document("What an order was about.", project=_text("The project's full name.")),
        "Released": _document("Whose hold ended.", agent=_text("The agent's name.")),
        "Suspended": _document("The fleet rests.", suspended={"const": True}),
        "Resumed": _document(
            "The fleet goes on.", suspended={"const": False},
            rested={"type": "boolean", "description": "Whether it rested."},
        ),
        "Approved": _document("What was approved.", plan=_text("The mass stop's digest.")),
        "Description": {"type": "object", "required": ["openapi", "info", "paths"]},
        "Problem": _problem(),
    }  # fmt: skip


def _found() -> dict[str, Schema]:
    _, made = TypeAdapter.json_schemas(
        [(kind, "serialization", TypeAdapter(kind)) for kind in _SOURCES],
        ref_template=PREFIX + "{model}",
    )
    return {name: _tidy(schema) for name, schema in made["$defs"].items()}


def _tidy(schema: Schema) -> Schema:
    """A dataclass's schema as its document is: whole, every field explained where its class is."""
    about, _, attributes = schema.get("description", "").partition("\n\n")
    if "properties" not in schema:
        return {"type": schema["type"], "enum": schema["enum"], "description": about}
    explained = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(attributes)}
    members = {}
    for name, member in schema["properties"].items():
        kept = {key: value for key, value in member.items() if key not in {"title", "default"}}
        said = {"description": explained[name]} if name in explained else {}
        members[name] = {**kept, **said}
    return _object(about, members)


def _document(about: str, **members: Schema) -> Schema:
    return _object(about, {"version": {"const": VERSION}, **members})


def _object(about: str, members: dict[str, Schema]) -> Schema:
    return {
        "type": "object", "description": about, "properties": members,
        "required": list(members), "additionalProperties": False,
    }  # fmt: skip


def _members(schema: Schema) -> dict[str, Schema]:
    members: dict[str, Schema] = schema["properties"]
    return members


def _list(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": PREFIX + name}}


def _text(about: str) -> Schema:
    return {"type": "string", "description": about}


def _problem() -> Schema:
    made = _document(
        "Why there is no success (RFC 9457).",
        type=_text("urn:sidekick:problem: and the reason."),
        title=_text("The reason in words."),
        status={"type": "integer", "description": "The HTTP status."},
        detail=_text("What happened and what to do, for a person."),
        instance=_text("The path that was asked for."),
        reason={"type": "string", "pattern": "^[A-Z][A-Za-z]*$", "description": "For machines."},
        plan=_text("The mass stop that waits, where another was approved; empty for none."),
    )
    made["required"].remove("plan")
    return made
