"""A desk: a project's folder in which the command is called within the test's own process."""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from controller.cli import main
from controller.core.conditions import Condition, ConditionType
from controller.core.events import Event
from controller.core.memory import Memory
from controller.core.report import ProjectView, Report, SourceView
from controller.layout import DATABASE, LOCK
from controller.locks import Lock
from controller.store import Store
from tests.e2e.lab import Lab

NOW = datetime.now().astimezone().replace(microsecond=0)
LONG_AGO = NOW - timedelta(days=3)
"""Of the reports: now, so that ages are short."""


def a_project(name: str, **values: Any) -> ProjectView:
    """A project that works, but for what is said."""
    ready = values.pop("ready", True)
    accepted = values.pop("accepted", True)
    asks = not accepted or values.get("status") in {"Waiting", "Blocked"}
    reason = values.get("reason", "Running")
    answers = (
        (ConditionType.ACCEPTED, accepted),
        (ConditionType.READY, ready),
        (ConditionType.STALLED, values.pop("stalled", asks)),
    )
    view = ProjectView(
        name=name, status="In Progress", reason="Running", message="claude works", agent="claude",
        agent_running="claude", line=2, priority=1, next_action="Do it", since=LONG_AGO, alive=True,
        started_at=NOW, desired_running=True, session=name.lower(),
        conditions=tuple(Condition(kind, status, reason, "", NOW) for kind, status in answers),
    )  # fmt: skip
    return replace(view, **values)


class Desk:
    """A folder as a user has it, with the command at hand.

    Args:
        monkeypatch: Makes the folder the current one, and its environment ours.
        capsys: Takes what is printed.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.lab = Lab()
        self.lab.settle_in("One,1,Paused,,,x,,,,")
        self.root = self.lab.root
        self.state = self.root / "state"
        self.patch = monkeypatch
        self._capsys = capsys
        self._server: ThreadingHTTPServer | None = None
        self._lock: Lock | None = None
        for name in list(os.environ):
            if name.startswith("SIDEKICK_"):
                monkeypatch.delenv(name)
        for name, text in self.lab.environment.items():
            monkeypatch.setenv(name, text)
        monkeypatch.chdir(self.root)

    def sidekick(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a call."""
        self._capsys.readouterr()
        try:
            code: object = main(words)
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        out, err = self._capsys.readouterr()
        return code, out, err

    def keep(self, *projects: ProjectView, events: Iterable[Event] = (), **values: Any) -> Report:
        """Leave a report in the state folder, as a tick does."""
        now = datetime.now().astimezone()
        source = SourceView("csv", "desired/priorities.csv", True, rows=len(projects), read_at=now)
        made = {"at": now, "source": source, "runtime_up": True, **values}
        report = Report(projects=projects, **made)
        store = Store(self.state / DATABASE, lambda: NOW)
        try:
            assert store.save(Memory(), report, list(events))
        finally:
            store.close()
        return report

    def play_controller(self, answers: Mapping[str, tuple[int, Any]]) -> "Played":
        """Hold the controller's lock, and answer for its server until the desk is cleared.

        Args:
            answers: `METHOD /path` → status and JSON document.
        """
        self._lock = Lock(self.state / LOCK)
        self._lock.acquire("the test")
        played = Played(dict(answers))
        self._server = played.server
        return played

    def clear(self) -> None:
        """Leave nothing behind."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        if self._lock:
            self._lock.release()
        self.lab.close()


class Played:
    """A server that answers as it is told, and notes what it was asked.

    Attributes:
        answers: `METHOD /path` → status and JSON document.
        asked: Every request, with its Authorization header.
        url: Its address.
    """

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []
        played = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("GET")

            def do_POST(self) -> None:
                self._answer("POST")

            def _answer(self, method: str) -> None:
                request = f"{method} {self.path}"
                played.asked.append((request, self.headers.get("Authorization", "")))
                status, document = played.answers.get(request, (404, {"detail": "not here"}))
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
