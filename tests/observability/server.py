"""A real Prometheus, on the project's own configuration but for addresses and intervals."""

import json
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.e2e.lab import wait_for
from tests.observability.boards import ROOT
from tests.observability.tools import PROMETHEUS

SCRAPE = 1
"""Seconds between two scrapes, and between two looks at the rules."""


class Prometheus:
    """The server, as long as the block lasts.

    Args:
        target: `host:port` of what it scrapes as the job `sidekick`.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._folder = tempfile.TemporaryDirectory(prefix="prometheus")
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._address = f"127.0.0.1:{free.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Start it, and wait until it answers."""
        folder = Path(self._folder.name)
        configuration = folder / "prometheus.yml"
        configuration.write_text(yaml.safe_dump(self._configuration()), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(PROMETHEUS),
                    f"--config.file={configuration}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={self._address}",
                ],
                stdout=log, stderr=subprocess.STDOUT, cwd=folder,
            )  # fmt: skip
        wait_for("Prometheus", lambda: self._answer("/-/ready") is not None, 30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """End it, and clear its data away."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=20)
        self._folder.cleanup()

    def _configuration(self) -> dict[str, Any]:
        """The shipped file, with this target, and quicker."""
        said: dict[str, Any] = yaml.safe_load((ROOT / "prometheus.yml").read_text())
        said["global"] = {"scrape_interval": f"{SCRAPE}s", "evaluation_interval": f"{SCRAPE}s"}
        said["rule_files"] = [str(ROOT / "deploy" / "rules" / "*.yml")]
        said.pop("alerting", None)
        for job in said["scrape_configs"]:
            at = self._target if job["job_name"] == "sidekick" else self._address
            job["static_configs"] = [{"targets": [at]}]
        return said

    def _answer(self, path: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"http://{self._address}{path}", timeout=10) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is not ready yet
                return None
            raise AssertionError(error.read().decode()) from error
        except urllib.error.URLError:
            return None

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The newest values of a query."""
        return self._result("/api/v1/query", query=query)

    def ask_range(self, query: str, seconds: int) -> list[dict[str, Any]]:
        """A query's values over the last seconds, one each second."""
        end = time.time()
        return self._result(
            "/api/v1/query_range", query=query, start=str(end - seconds), end=str(end), step="1"
        )

    def alerts(self) -> set[tuple[str, str]]:
        """Alerts that fire or are about to, and their projects."""
        return {
            (series["metric"]["alertname"], series["metric"].get("project", ""))
            for series in self.ask("ALERTS")
        }

    def rules(self) -> dict[str, str]:
        """Alert → `ok`, or why its query failed."""
        body = self._answer("/api/v1/rules")
        assert body is not None
        groups = json.loads(body)["data"]["groups"]
        return {
            rule["name"]: rule.get("lastError") or rule["health"]
            for group in groups
            for rule in group["rules"]
        }

    def _result(self, path: str, **query: str) -> list[dict[str, Any]]:
        body = self._answer(f"{path}?{urllib.parse.urlencode(query)}")
        assert body is not None
        answer = json.loads(body)
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result
