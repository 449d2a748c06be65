"""The program that ends an agent's patience, in a real Node, against a service that refuses."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from controller.agents.patience import Client, node_options, patience

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
PATH = "/v1/chat/completions"
ASKING = """\
const ask = async () => {
  for (let i = 0; i < 9; i += 1) {
    const answer = await fetch(process.env.URL, { method: "POST", body: "{}" }).catch(() => null)
    await answer?.text()
  }
  console.log("asked " + process.env.NODE_OPTIONS)
}
ask()
"""


@dataclass
class Service:
    """A service that answers what it is told to.

    Attributes:
        url: Its address.
        answers: (status, headers, body), one a request; then the last one for ever.
        asked: How often it was asked.
    """

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: int = 0


@pytest.fixture
def service() -> Iterator[Service]:
    """A service of our own."""
    known = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, headers, body = known.answers[min(known.asked, len(known.answers) - 1)]
            known.asked += 1
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


def run(
    folder: Path, url: str, client: Client, *, name: str = "cli.js", hook: str = "", own: str = ""
) -> tuple[int, list[dict[str, Any]], str]:
    """An agent that asks nine times: its status, the events that were printed, and all else."""
    folder = folder / """a "b" \\ c"""
    folder.mkdir()
    script = folder / name
    script.write_text(ASKING)
    program = folder / "patience.cjs"
    program.write_text(patience(client, ("cli.js",), own, hook))
    environment = {
        "PATH": os.environ["PATH"],
        "URL": url + PATH,
        "NODE_OPTIONS": node_options(own, str(program)),
    }
    done = subprocess.run(
        ["node", str(script)], env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return done.returncode, events, "\n".join(line for line in lines if not line.startswith("{"))


LIMIT = json.dumps({"error": {"message": "The usage limit has been reached"}}).encode()


@pytest.mark.parametrize("client", Client)
def test_the_third_refusal_is_the_last(service: Service, client: Client, tmp_path: Path) -> None:
    """Each is told as it comes, and the run ends."""
    service.answers = [(503, {}, b"")]
    status, events, _ = run(tmp_path, service.url, client)
    assert (status, service.asked) == (1, 3)
    assert [event["attempt"] for event in events] == [1, 2, 3]
    assert {event["subtype"] for event in events} == {"api_retry"}
    assert {event["error_status"] for event in events} == {503}


@pytest.mark.parametrize("client", Client)
def test_a_long_wait_is_not_waited_for(service: Service, client: Client, tmp_path: Path) -> None:
    """The run ends at once, and says how long it would have been."""
    service.answers = [(429, {"retry-after": "375"}, LIMIT)]
    status, [event], _ = run(tmp_path, service.url, client)
    assert (status, service.asked, event["retry_delay_ms"]) == (1, 1, 375_000)
    if client is Client.FETCH:
        assert event["error"] == "The usage limit has been reached"


@pytest.mark.parametrize("client", Client)
def test_what_goes_well_starts_the_count_anew(
    service: Service, client: Client, tmp_path: Path
) -> None:
    """And what the agent does not try again is its own to tell."""
    again: list[tuple[int, dict[str, str], bytes]]
    again = [(500, {}, b""), (500, {}, b""), (200, {}, b"{}")]
    service.answers = [*again, *again, (401, {}, b"{}")]
    status, events, said = run(tmp_path, service.url, client)
    assert (status, service.asked, len(events)) == (0, 9, 4)
    assert said == "asked undefined"


@pytest.mark.parametrize("client", Client)
def test_nobody_there(client: Client, tmp_path: Path) -> None:
    """A service that cannot be reached is told as that."""
    status, events, _ = run(tmp_path, "http://127.0.0.1:1999", client)
    assert (status, len(events)) == (1, 3)
    assert all("ECONNREFUSED" in event["error"] for event in events)


def test_what_its_commands_start_is_left_alone(service: Service, tmp_path: Path) -> None:
    """Another program of Node's that finds it loaded does as it likes."""
    service.answers = [(503, {}, b"")]
    status, events, said = run(tmp_path, service.url, Client.FETCH, name="test.js")
    assert (status, service.asked, events) == (0, 9, [])
    assert "patience.cjs" in said


def test_options_of_a_persons_own_stay(service: Service, tmp_path: Path) -> None:
    """They hold for the agent, and its commands find them."""
    service.answers = [(200, {}, b"{}")]
    own = "--max-old-space-size=512"
    assert run(tmp_path, service.url, Client.FETCH, own=own)[2] == f"asked {own}"


def test_events_go_to_a_hook_where_there_is_a_terminal(service: Service, tmp_path: Path) -> None:
    """Nothing is printed there."""
    service.answers = [(503, {}, b"")]
    told = tmp_path / "told"
    status, events, said = run(tmp_path, service.url, Client.FETCH, hook=f"cat >>{told}; echo no")
    assert (status, events, said) == (1, [], "")
    assert told.read_text().count('"api_retry"') == 3
