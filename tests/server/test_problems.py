"""Problems: what is asked in a wrong way is answered in a form that programs understand."""

import pytest

from tests.server.client import API, Client
from tests.server.world import World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")


@pytest.mark.parametrize(
    "path",
    [
        *("/page", "/metricsx", "/metrics/../x", "/api", "/api/v1", "/api/v2/projects"),
        *("/%2e%2e/etc/passwd", "/api/v1/projects/", "/api/v1/projects//pause", "//api/v1/status"),
        *("/api/v1/projects/Alpha/Beta", "/healthz/", "/api/v1/statu%73", "/api/v1/prune"),
    ],
)
def test_unknown_path(client: Client, path: str) -> None:
    """Any other path is 404, and says where to look."""
    answer = client.get(path)
    assert (answer.status, answer.reason) == (404, "NoSuchPath")
    assert "/api/v1/openapi.json" in answer.document["detail"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", list(API["paths"]))
def test_methods(world: World, client: Client, path: str, method: str) -> None:
    """A path takes its own method alone; another is told which."""
    (mine,) = API["paths"][path]
    if method == mine.upper():
        return
    answer = Client(client.port).ask(method, path.replace("{name}", "Gamma"))
    assert answer.status == 405
    assert answer.headers["allow"] == mine.upper()
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert answer.reason == "MethodNotAllowed"
    assert world.orders == []


def test_the_form(client: Client) -> None:
    """A problem has the members of RFC 9457, its reason, and the version."""
    answer = client.get("/api/v1/projects/no%20body?")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.document == {
        "version": "sidekick/v1",
        "type": "urn:sidekick:problem:NotFound",
        "title": "Not found",
        "status": 404,
        "detail": "no project 'no body'; there are: Alpha, Alpha/Beta ä, Gamma",
        "instance": "/api/v1/projects/no%20body",
        "reason": "NotFound",
    }


def test_headers(client: Client) -> None:
    """No answer is kept, guessed at, or tells what serves it."""
    for answer in (
        client.get("/api/v1/status"),
        client.get("/nowhere"),
        client.get("/api/v1/plan"),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
