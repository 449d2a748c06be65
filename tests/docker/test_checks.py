"""The health checks of our images: what they say, and that asking for ever costs little."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from tests.docker.test_files import ROOT

HEAVY = {"pydantic", "jsonschema", "yaml", "rich", "starlette", "structlog", "libtmux"}
"""What takes so long to import that a busy machine would not come to an answer in time."""


class Answers(BaseHTTPRequestHandler):
    """Healthy on one path, as the server says."""

    def do_GET(self) -> None:
        """Answer."""
        assert isinstance(self.server, Server)
        self.send_response(self.server.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(HTTPServer):
    """A controller's server as far as the check sees it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.status = 200


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this machine's loopback."""
    made = Server()
    thread = Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def asked_by(stage: str) -> list[str]:
    """The argv of an image's health check."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (part,) = (p for p in re.split(r"(?m)^FROM ", text) if f" AS {stage}\n" in p)
    found = re.search(r"HEALTHCHECK .*\\\n +CMD (\[.+\])\n", part)
    assert found is not None
    return [str(word) for word in json.loads(found[1])]


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:1"])
def test_the_controllers_health_is_what_its_server_says(server: Server, proxy: str) -> None:
    """Healthy, without progress, nobody there; no proxy of the environment is asked."""
    program, *rest = asked_by("controller")
    assert program == "python"
    for name in ("mock", "real"):
        settings = yaml.safe_load((ROOT / "deploy" / "compose" / f"{name}.yaml").read_text())
        assert f"'127.0.0.1', {settings['server']['port']}," in rest[-1]

    def check(port: int) -> int:
        argv = [sys.executable, *rest[:-1], rest[-1].replace("9600", str(port))]
        env = {"http_proxy": proxy, "HTTP_PROXY": proxy}
        return subprocess.run(argv, capture_output=True, timeout=20, env=env).returncode

    assert check(server.server_port) == 0
    server.status = 503
    assert check(server.server_port) != 0
    assert check(1) != 0


def test_the_hosts_check_imports_little(tmp_path: Path) -> None:
    """It says no where nobody listens, and does so without what only the host itself needs."""
    program, *rest = asked_by("agents")
    assert program.endswith("/python")
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = [*{rest[2:]!r}, '--socket', {str(tmp_path / 'none')!r}]\n"
        f"try: runpy.run_module({rest[1]!r}, run_name='__main__')\n"
        "except SystemExit as end: print(end.code, *sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20,
        check=True,
    )  # fmt: skip
    answer, *modules = done.stdout.split()
    assert answer == "1"
    assert "controller.host.server" in modules
    assert not HEAVY & set(modules)
