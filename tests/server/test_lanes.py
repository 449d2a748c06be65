"""Lanes: orders that wait for the loop keep neither health nor reading from being answered."""

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from controller.server import Server
from controller.server import server as module
from tests.server.client import Client
from tests.server.test_lifecycle import port_of
from tests.server.world import TOKEN, World

ORDER = "POST /api/v1/reconcile"
PLAN = "GET /api/v1/plan"


@contextmanager
def asking(server: Server, what: str, count: int) -> Iterator[list[socket.socket]]:
    """So many clients that all ask at once and wait."""
    head = f"{what} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            address = ("127.0.0.1", port_of(server))
            clients.append(stack.enter_context(socket.create_connection(address, timeout=10)))
            clients[-1].sendall(head)
        yield clients


def answered(clients: list[socket.socket], count: int) -> list[socket.socket]:
    """Those that are answered, once they are so many."""
    deadline = time.monotonic() + 10
    while len(found := select.select(clients, [], [], 0.05)[0]) < count:
        assert time.monotonic() < deadline
    return found


def test_blocked_orders(world: World, server: Server) -> None:
    """With all places and the queue taken, one more order is refused, and all else goes on."""
    places, queue, _ = module.ORDERS
    world.gate.clear()
    client = Client.of(server)
    with asking(server, ORDER, places + queue + 3) as clients:
        for refused in answered(clients, 3):
            assert refused.recv(12) == b"HTTP/1.1 503"
            clients.remove(refused)
        assert len(clients) == places + queue
        began = time.monotonic()
        for path in ("/healthz", "/readyz", "/metrics"):
            assert Client(client.port).get(path).status == 200
        for path in ("projects", "projects/Gamma", "status", "events", "openapi.json"):
            assert client.get(f"/api/v1/{path}").status == 200
        assert time.monotonic() - began < 5
        assert len(world.orders) == places
        world.gate.set()
        for one in clients:
            assert one.recv(12) == b"HTTP/1.1 200"


def test_plans_are_in_no_orders_way(world: World, server: Server) -> None:
    """Who may only read cannot keep the orders of who has the token from being taken."""
    world.gate.clear()
    with asking(server, PLAN, sum(module.PLANS[:2]) + 1) as plans:
        assert answered(plans, 1)[0].recv(12) == b"HTTP/1.1 503"
        with asking(server, ORDER, 1):
            deadline = time.monotonic() + 10
            while ("reconcile",) not in world.orders:
                assert time.monotonic() < deadline
                time.sleep(0.01)


def test_an_order_that_gets_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a place for ever."""
    monkeypatch.setattr(module, "ORDERS", (1, 5, 0.1))
    world = World()
    world.gate.clear()
    with world.serving() as server:
        client = Client.of(server)
        first = threading.Thread(target=client.post, args=("/api/v1/reconcile",))
        first.start()
        assert world.waiting.wait(10)
        answer = client.post("/api/v1/reconcile")
        assert (answer.status, answer.reason) == (503, "Busy")
        world.gate.set()
        first.join(10)
    assert len(world.orders) == 1


def test_clients_that_left(world: World, server: Server) -> None:
    """An order whose client left is done all the same, and its place is free again."""
    places, queue, _ = module.ORDERS
    world.gate.clear()
    with asking(server, ORDER, places + queue):
        assert world.waiting.wait(10)
    world.gate.set()
    deadline = time.monotonic() + 10
    while Client.of(server).post("/api/v1/reconcile").status != 200:
        assert time.monotonic() < deadline
