"""The API's description. `client.py` holds every answer of the other tests against it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller.server.routes import OPERATIONS, ROOT
from tests.server.client import API, CLOSED_API, Client
from tests.server.world import World


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_it_is_served(client: Client) -> None:
    """The server tells it itself, again and again the same."""
    assert client.get("/api/v1/openapi.json").document == API
    assert client.get("/api/v1/openapi.json").document == API


def test_every_reference_leads_somewhere() -> None:
    """No `$ref` is dangling, and nothing is described that nobody uses."""
    found = {node["$ref"] for node in nodes(API) if "$ref" in node}
    for reference in found:
        _, _, kind, name = reference.split("/")
        assert name in API["components"][kind]
    of_the_stream = {"Event", "Revision"}
    unused = {
        name for name in API["components"]["schemas"] if f"#/components/schemas/{name}" not in found
    }
    assert unused == of_the_stream
    used = {reference.rpartition("/")[2] for reference in found if "/responses/" in reference}
    assert set(API["components"]["responses"]) - used == {"405"}


def test_every_schema_is_one() -> None:
    """Schemas are of the dialect that OpenAPI 3.1 takes."""
    for schema in API["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_documents_are_whole() -> None:
    """Every document's fields are all required and explained, and there are no others."""
    for name, schema in API["components"]["schemas"].items():
        if "properties" not in schema:
            continue
        optional = {"plan"} if name == "Problem" else set()
        assert set(schema["required"]) == set(schema["properties"]) - optional
        assert schema["additionalProperties"] is False
        assert schema["description"]


@pytest.mark.parametrize("name", ["Projects", "Project", "Status", "Plan", "Events", "Problem"])
def test_documents_have_a_version(name: str) -> None:
    """The version is at the top of each."""
    properties = API["components"]["schemas"][name]["properties"]
    assert next(iter(properties)) == "version"
    assert properties["version"] == {"const": "sidekick/v1"}


def test_fields_are_explained_by_their_classes() -> None:
    """What a dataclass says of its fields is told to the API's users."""
    runs = API["components"]["schemas"]["RunView"]["properties"]
    assert (
        runs["started_at"]["description"] == "When the agent had exec'ed; None where it never did."
    )
    assert {"format": "date-time", "type": "string"} in runs["started_at"]["anyOf"]


def test_the_token() -> None:
    """What changes anything needs the token, and so does reading where it is not open."""
    for operation in OPERATIONS:
        for api, guarded in ((API, operation.changes), (CLOSED_API, True)):
            described = api["paths"][operation.path][operation.method.lower()]
            assert described["security"] == ([{"token": []}] if guarded else [])
            assert ("401" in described["responses"]) is guarded


def test_the_page_about_it() -> None:
    """docs/api.md has every operation in its table."""
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for operation in OPERATIONS:
        path = operation.path.removeprefix(ROOT).replace("{name}", "NAME")
        assert f"| {operation.method} | `{path}` |" in page


def test_it_is_small_and_made_once(world: World, client: Client) -> None:
    """The description costs nothing after its first making."""
    body = client.get("/api/v1/openapi.json").body
    assert len(body) < 64_000
    assert json.loads(body)["openapi"].startswith("3.1")
