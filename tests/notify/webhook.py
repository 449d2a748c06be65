"""A webhook on loopback: a real HTTP server that notes what it is sent."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Post:
    """A request.

    Attributes:
        path: Its path.
        headers: Its headers, names in lower case.
        body: Its body.
    """

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """Its body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Webhook:
    """Answers as it is told.

    Attributes:
        posts: Every request that came in whole.
        answers: Statuses for the next requests; 200 when there are none left.
        gate: While it is not set, requests are taken and not answered.
    """

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): text for name, text in self.headers.items()}
                webhook.posts.append(Post(self.path, headers, body))
                webhook.gate.wait(60)
                self.send_response(webhook.answers.pop(0) if webhook.answers else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str = "", *, service: str = "json", user: str = "") -> str:
        """Its address as Apprise has it."""
        return f"{service}://{user}127.0.0.1:{self.port}/{path}"

    def titles(self) -> list[str]:
        """The titles of all messages, in their order."""
        return [post.message["title"] for post in self.posts]

    def close(self) -> None:
        """End; whoever still waits gets an answer."""
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
