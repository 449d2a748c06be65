"""The profile `logs`, without an engine: what only its containers would try otherwise."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.docker.test_files import COMPOSE, LOGS, PROVISIONING, ROOT, mounts

_TEXT, _FLAG = {"type": "string"}, {"type": "boolean"}
_NUMBER, _SPAN = {"type": "integer"}, {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}


def _form(**fields: object) -> dict[str, object]:
    return {"type": "object", "properties": fields, "additionalProperties": False}


# https://grafana.com/docs/loki/latest/configure/, of each section what a single process with its
# data on a disk needs.
LOKI = _form(
    auth_enabled=_FLAG,
    server=_form(
        http_listen_port=_NUMBER, grpc_listen_port=_NUMBER,
        log_level={"enum": ["debug", "info", "warn", "error"]},
        log_format={"enum": ["logfmt", "json"]},
    ),
    common=_form(
        instance_addr=_TEXT, path_prefix=_TEXT, replication_factor=_NUMBER,
        ring=_form(kvstore=_form(store={"enum": ["inmemory", "memberlist", "consul", "etcd"]})),
        storage=_form(filesystem=_form(chunks_directory=_TEXT, rules_directory=_TEXT)),
    ),
    schema_config=_form(
        configs={
            "type": "array", "minItems": 1,
            "items": _form(
                **{"from": {}}, store={"const": "tsdb"}, object_store={"const": "filesystem"},
                schema={"const": "v13"}, index=_form(prefix=_TEXT, period={"const": "24h"}),
            ),
        }
    ),
    limits_config=_form(retention_period=_SPAN, reject_old_samples_max_age=_SPAN),
    compactor=_form(
        working_directory=_TEXT, retention_enabled=_FLAG,
        delete_request_store={"const": "filesystem"},
    ),
    analytics=_form(reporting_enabled=_FLAG),
)  # fmt: skip


class Answers(BaseHTTPRequestHandler):
    """Ready on one path, as the server says."""

    def do_GET(self) -> None:
        """Answer."""
        assert isinstance(self.server, Server)
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(HTTPServer):
    """A server that is ready, or not."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.status = 200
        self.asked: list[str] = []


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


def test_lokis_file_has_its_documented_form() -> None:
    """No setting but those that Loki knows; its data is in its volume."""
    document = yaml.safe_load((ROOT / "deploy" / "logs" / "loki.yaml").read_text())
    Draft202012Validator(LOKI).validate(document)
    (place,) = (at for at, what in mounts("loki").items() if what == "loki")
    filesystem = document["common"]["storage"]["filesystem"]
    for path in (*filesystem.values(), document["compactor"]["working_directory"]):
        assert path.startswith(f"{place}/")


@pytest.mark.parametrize("service", ["loki", "alloy"])
def test_the_services_are_there_with_the_profile_alone(service: str) -> None:
    """Not published, on the monitoring's network, with the configuration that is in the tree."""
    said = COMPOSE["services"][service]
    assert said["profiles"] == ["logs"]
    assert "ports" not in said
    assert said["networks"] == ["monitoring"]
    (file,) = (each for each in said["command"] if "/etc/sidekick/" in each)
    assert mounts(service)["/etc/sidekick"] == "./deploy/logs"
    assert (ROOT / "deploy" / "logs" / file.rpartition("/")[2]).is_file()


def test_alloys_health_is_what_it_answers(server: Server) -> None:
    """The check in the compose file, by bash alone: ready, not ready, nobody there."""
    test = [word.replace("$$", "$") for word in COMPOSE["services"]["alloy"]["healthcheck"]["test"]]
    assert "/dev/tcp/127.0.0.1/12345;" in test[-1]
    assert "--server.http.listen-addr=127.0.0.1:12345" in COMPOSE["services"]["alloy"]["command"]
    ask = test[-1].replace("12345", str(server.server_port))

    def check(script: str) -> int:
        argv = [*test[1:-1], script]
        return subprocess.run(argv, capture_output=True, timeout=10, check=False).returncode

    assert check(ask) == 0
    assert server.asked == ["/-/ready"]
    server.status = 503
    assert check(ask) != 0
    assert check(ask.replace(str(server.server_port), "1")) != 0


@pytest.fixture
def start(server: Server, tmp_path: Path) -> Callable[[], Path]:
    """Run Grafana's start in folders of the test's own; returns the provisioning it is given."""
    if shutil.which("wget") is None:
        pytest.skip("no wget on the PATH, which Grafana's image has")
    script = (ROOT / "grafana" / "logs" / "start.sh").read_text()
    (tmp_path / "etc").mkdir()
    (tmp_path / "tmp").mkdir()
    shutil.copytree(PROVISIONING, tmp_path / "etc" / "provisioning")
    shutil.copytree(LOGS.parent, tmp_path / "etc" / "logs")
    run = tmp_path / "run.sh"
    run.write_text('#!/bin/sh\nprintf "%s" "$GF_PATHS_PROVISIONING"\n')
    run.chmod(0o755)
    places = {
        "/etc/grafana": str(tmp_path / "etc"), "/tmp": str(tmp_path / "tmp"), "/run.sh": str(run),
        "http://loki:3100": f"http://127.0.0.1:{server.server_port}",
    }  # fmt: skip
    script = re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], script)

    def started() -> Path:
        done = subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, timeout=20, check=True,
            env={"PATH": os.environ["PATH"], "GF_PATHS_PROVISIONING": str(tmp_path / "image")},
        )  # fmt: skip
        return Path(done.stdout)

    return started


def test_grafana_has_loki_where_it_is_there(
    start: Callable[[], Path], server: Server, tmp_path: Path
) -> None:
    """Its source and the dashboard's folder beside those that are always there; started twice."""
    for _ in range(2):
        given = start()
        assert server.asked == ["/ready"]
        server.asked.clear()
        assert given == tmp_path / "tmp" / "provisioning"
        assert {path.name for path in given.glob("*/*.yml")} == {
            "prometheus.yml", "loki.yml", "sidekick.yml", "logs.yml",
        }  # fmt: skip
        source = yaml.safe_load((given / "datasources" / "loki.yml").read_text())
        assert source["datasources"][0]["type"] == "loki"
    boards = yaml.safe_load((given / "dashboards" / "logs.yml").read_text())
    path = boards["providers"][0]["options"]["path"]
    assert path.startswith("/etc/grafana/logs/")
    assert mounts("grafana")["/etc/grafana/logs"] == "./grafana/logs"
    folder = ROOT / "grafana" / "logs" / path.removeprefix("/etc/grafana/logs/")
    assert list(folder.glob("*.json"))


def test_grafana_is_as_always_where_loki_is_not(
    start: Callable[[], Path], server: Server, tmp_path: Path
) -> None:
    """Nothing of it is shown, and a source of an earlier start is taken away."""
    server.status = 503
    assert start() == tmp_path / "image"
    away = yaml.safe_load((PROVISIONING / "datasources" / "loki.yml").read_text())
    there = yaml.safe_load((LOGS / "datasources" / "loki.yml").read_text())
    assert [each["name"] for each in away["deleteDatasources"]] == [
        each["name"] for each in there["datasources"]
    ]
    assert "datasources" not in away
    command = COMPOSE["services"]["grafana"]["entrypoint"]
    assert command == ["sh", "/etc/grafana/logs/start.sh"]
    waits = COMPOSE["services"]["grafana"]["depends_on"]["loki"]
    assert waits == {"condition": "service_healthy", "required": False}
