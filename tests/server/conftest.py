"""A world, its server, and a client. One server serves a module; its world is new for each test."""

from collections.abc import Iterator

import pytest

from controller.server import Server
from tests.server.client import Client
from tests.server.world import World


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[World, Server]]:
    """A running server and what it shows."""
    world = World()
    with world.serving() as server:
        yield world, server


@pytest.fixture
def world(served: tuple[World, Server]) -> Iterator[World]:
    """A world in which all is well."""
    world, _ = served
    world.begin_anew()
    yield world
    world.gate.set()


@pytest.fixture
def server(served: tuple[World, Server], world: World) -> Server:
    """A running server."""
    return served[1]


@pytest.fixture
def client(server: Server) -> Client:
    """Who asks it."""
    return Client.of(server)
