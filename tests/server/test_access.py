"""Access: the names of this server, the token, other pages' origins."""

from collections.abc import Iterator

import pytest

from controller.server import is_loopback
from controller.server.access import Hosts
from controller.server.problems import Problem
from tests.server.client import CLOSED_API, Client
from tests.server.world import TOKEN, World

LOOKS = ("projects", "projects/Gamma", "status", "plan", "events", "events/stream", "openapi.json")
ORDERS = (
    *("reconcile", "projects/Gamma/pause", "projects/Gamma/resume", "projects/Gamma/restart"),
    *("fleet/suspend", "fleet/resume", "prune/approve"),
)


@pytest.fixture(scope="module")
def closed() -> Iterator[Client]:
    """A client of a server whose reading needs the token."""
    with World().serving(open_reading=False) as server:
        yield Client.of(server, CLOSED_API)


@pytest.mark.parametrize("path", ORDERS)
@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", "Bearer x", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN.upper()}", "Bearer \xe4"],
)  # fmt: skip
def test_orders_need_the_token(world: World, client: Client, path: str, given: str | None) -> None:
    """What changes anything needs the token, whatever else is right or wrong."""
    headers = {} if given is None else {"Authorization": given}
    answer = client.ask("POST", f"/api/v1/{path}", b"{", headers)
    assert answer.status == 401
    assert answer.reason in {"TokenMissing", "TokenWrong"}
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert TOKEN not in answer.body.decode()
    assert world.orders == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token(client: Client, scheme: str) -> None:
    """The scheme's case does not count."""
    answer = client.post("/api/v1/reconcile", Authorization=f"{scheme} {TOKEN}")
    assert answer.status == 200


@pytest.mark.parametrize("path", [path for path in LOOKS if path != "events/stream"])
def test_reading_is_open(client: Client, path: str) -> None:
    """On loopback reading needs no token."""
    assert client.get(f"/api/v1/{path}").status == 200


@pytest.mark.parametrize("path", LOOKS)
def test_reading_is_closed(closed: Client, path: str) -> None:
    """Elsewhere reading needs the token too."""
    assert closed.get(f"/api/v1/{path}").status == 401
    if path != "events/stream":
        answer = closed.get(f"/api/v1/{path}", Authorization=f"Bearer {TOKEN}")
        assert answer.status == 200


def test_closed_probes(closed: Client) -> None:
    """Health and metrics are for everybody, readiness is not."""
    client = Client(closed.port)
    statuses = [client.get(path).status for path in ("/healthz", "/metrics", "/readyz")]
    assert statuses == [200, 200, 401]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:9600", "127.0.0.1.evil.example", "10.0.0.1", "x@localhost", "",
     "localhost:", "localhost:123456", "localhost evil", "[::1", "[::2]", "::1"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/api/v1/status", "/nothing"])
def test_wrong_host(client: Client, host: str, path: str) -> None:
    """A name that is not ours is refused, so that no web page reads us through its own name."""
    answer = Client(client.port).get(path, Host=host)
    assert (answer.status, answer.reason) == (400, "WrongHost")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST", "localhost:1234", "[::1]:9600", "controller:9600"],
)
def test_right_host(client: Client, host: str) -> None:
    """The names of loopback are ours, with any port, as behind a tunnel; so are those given."""
    assert client.get("/api/v1/status", Host=host).status == 200


@pytest.mark.parametrize(
    ("header", "fine"),
    [("10.0.0.1:9600", True), ("[fe80::1]", True), ("controller", True), ("localhost", True),
     ("evil.example", False), ("10.0.0.1.evil.example", False), ("1.2.3", False)],
)  # fmt: skip
def test_hosts_of_a_network(header: str, fine: bool) -> None:
    """Where a network reaches it, any address is ours: only names can be made to point here."""
    hosts = Hosts.of("0.0.0.0", ["Controller"])
    if fine:
        hosts.check(header)
    else:
        with pytest.raises(Problem):
            hosts.check(header)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("example.org", False)],
)  # fmt: skip
def test_loopback(host: str, loopback: bool) -> None:
    """Whether only this machine reaches an address."""
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:9600", 200),
        ("https://LOCALHOST:9600", 200),
        ("http://localhost", 403),
        ("http://localhost:9601", 403),
        ("http://127.0.0.1:9600", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_origins(world: World, client: Client, origin: str, status: int) -> None:
    """A browser's page may order something only if it came from here, token or not."""
    answer = client.post("/api/v1/reconcile", Host="localhost:9600", Origin=origin)
    assert answer.status == status
    assert len(world.orders) == (status == 200)


def test_no_preflight(client: Client) -> None:
    """No page of another origin is ever given leave."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = client.ask("OPTIONS", "/api/v1/reconcile", headers=asked)
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]
