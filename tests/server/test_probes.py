"""The probes: health, readiness, metrics."""

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.client import Client
from tests.server.world import World


@pytest.fixture
def client(client: Client) -> Client:
    """A client of paths that are not in the API's description."""
    return Client(client.port)


def test_health(world: World, client: Client) -> None:
    """/healthz says at each request whether the loop makes progress."""
    for _ in range(2):
        world.is_healthy = True
        answer = client.get("/healthz")
        assert (answer.status, answer.body) == (200, b'{"status":"ok","faults":{}}')
        world.is_healthy = False
        answer = client.get("/healthz")
        assert answer.status == 503
        assert answer.body == b'{"status":"the loop makes no progress","faults":{}}'


def test_faults(world: World, client: Client) -> None:
    """/healthz tells what failed, though a failure of the surroundings is no bad health."""
    world.stages = {"observe": "tmux hangs"}
    answer = client.get("/healthz")
    assert (answer.status, answer.document["faults"]) == (200, {"observe": "tmux hangs"})


def test_readiness(world: World, client: Client) -> None:
    """/readyz says whether list and sessions were seen, whatever the health."""
    world.is_healthy = False
    answer = client.get("/readyz")
    assert (answer.status, answer.body) == (200, b'{"status":"ready"}')
    world.is_ready = False
    answer = client.get("/readyz")
    assert answer.status == 503
    assert b"was not read" in answer.body


def test_metrics(client: Client, world: World) -> None:
    """/metrics is the exposition in the form that Prometheus accepts, with its type."""
    answer = client.get("/metrics", Accept="application/openmetrics-text")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    (family,) = text_string_to_metric_families(answer.body.decode())
    assert (family.name, family.samples[0].value) == ("sidekick_test", 42)
    assert world.accepted[-1] == "application/openmetrics-text"


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_head(client: Client, path: str) -> None:
    """A probe may ask without wanting the answer's text."""
    answer = client.ask("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_changed(client: Client, method: str) -> None:
    """There is nothing to change here."""
    answer = client.ask(method, "/healthz")
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_many_at_once(client: Client) -> None:
    """Some scrapers at once are all answered."""
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.get("/metrics").status))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [200] * 20
