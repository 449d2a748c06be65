"""The life of a fleet: what people, agents and clients do to a controller all day long."""

import json
import random
import re
import socket
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench.project import Project
from bench.world import wait_for

_REPORT = (
    'say() { printf \'{"at":%s,"type":"report","state":"%s","message":"%s"}\\n\' '
    '"$(date +%s)" "$1" "$2" >>"$SIDEKICK_RUN_DIR/events.jsonl"; }; '
)
WORK = {
    "steady": _REPORT
    + 'i=0; while :; do i=$((i+1)); say progress "step $i"; echo $i; sleep 20; done',
    "ends": _REPORT + "say working begun; sleep 40; echo done",
    "crashes": "sleep 20; echo went wrong; exit 3",
    "waits": _REPORT + "say waiting 'which way?'; exec sleep 1000000",
}
"""Kinds of agents, each a Next Action that `sh` runs."""
_SHARES = (("steady", 60), ("crashes", 10), ("waits", 5))
"""How many of a hundred sessions; the others' work ends."""
_SPARE = 8
"""Of a hundred rows, how many more names there are: rows go, and come again."""


class Life:
    """One deed after the other.

    Args:
        project: Whose list and settings.
        sessions: How many run at once; there are five times as many rows.
        url: The controller's server.
        token: What orders must show.
    """

    def __init__(self, project: Project, sessions: int, url: str, token: str) -> None:
        self._project = project
        self._url = url
        self._token = token
        self._random = random.Random(5)  # noqa: S311 - the same life in every run
        self._good = json.loads(project.config.read_text(encoding="utf-8"))
        self.names = [
            f"p{number:04d}" for number in range(5 * sessions + 5 * sessions * _SPARE // 100 + 1)
        ]
        self._deeds: tuple[Callable[[], object], ...] = (
            self.edit, self.scrape, self.again, self.browse, self.remove, self.follow, self.add,
            self.settle, self.edit, self.break_settings, self.again, self.rename, self.settle,
            self.order, self.break_list, self.hang, self.pause,
        )  # fmt: skip
        self._done = 0

    @staticmethod
    def first_rows(sessions: int) -> list[dict[str, str]]:
        """The list on the first day."""
        kinds = [kind for kind, share in _SHARES for _ in range(sessions * share // 100)]
        kinds += ["ends"] * (5 * sessions - len(kinds))
        return [_row(f"p{number:04d}", kind, number) for number, kind in enumerate(kinds)]

    def deed(self) -> None:
        """Do the next thing."""
        do = self._deeds[self._done % len(self._deeds)]
        self._done += 1
        do()

    # -- people ------------------------------------------------------------------------------

    def edit(self) -> None:
        """Change a priority, a deadline, a next action."""
        rows = self._project.rows()
        for row in self._random.sample(rows, 2):
            row["Priority"] = str(self._random.randint(1, 99))
            row["Deadline"] = f"20{self._random.randint(27, 99)}-01-01"
        row = self._random.choice(rows)
        row["Next Action"] = f"{row['Next Action'].partition(' #')[0]} # {self._done % 7}"
        self._project.save(rows)

    def again(self) -> None:
        """Let what is over, or blocked, or paused, run again."""
        rows = self._project.rows()
        for row in rows:
            if row["Status"] in {"Completed", "Blocked", "Paused"}:
                row["Status"] = "Pending"
        self._project.save(rows)

    def pause(self) -> None:
        """Pause one that works."""
        rows = self._project.rows()
        working = [row for row in rows if row["Status"] == "In Progress"]
        for row in working[:1]:
            row["Status"] = "Paused"
        self._project.save(rows)

    def remove(self) -> None:
        """Delete a row."""
        rows = self._project.rows()
        rows.remove(self._random.choice(rows))
        self._project.save(rows)

    def add(self) -> None:
        """Add a row, mostly one that was there before."""
        rows = self._project.rows()
        rows.append(_row(self._free(rows), "ends", self._done))
        self._project.save(rows)

    def rename(self) -> None:
        """Give a row another name."""
        rows = self._project.rows()
        self._random.choice(rows)["Project"] = self._free(rows)
        self._project.save(rows)

    def break_list(self) -> None:
        """Save something that is no list, and mend it."""
        text = self._project.list.read_bytes()
        self._project.list.write_bytes(b'"')
        self.scrape()
        self._project.list.write_bytes(text)

    def settle(self) -> None:
        """Change settings that count at once; other limits of retention begin another pass."""
        document = {**self._good, "resume_prompt": f"continue {self._done % 3}"}
        document["retention"] = {**self._good["retention"], "days": 30 + self._done % 2}
        self._project.config.write_text(json.dumps(document), encoding="utf-8")

    def break_settings(self) -> None:
        """Break the settings; the next `settle` mends them."""
        self._project.config.write_text("slots: none\n", encoding="utf-8")

    # -- clients -----------------------------------------------------------------------------

    def scrape(self) -> str:
        """What /metrics shows."""
        return self._get("/metrics")

    def browse(self) -> None:
        """What a page asks for, and what is not there."""
        for path in ("/api/v1/status", "/api/v1/projects", "/api/v1/events?last=50", "/nothing"):
            with suppress(OSError):
                self._get(path)

    def order(self) -> None:
        """An order over the network, and one that is refused."""
        name = self._random.choice(self._project.rows())["Project"]
        for token in (self._token, "wrong" * 9):
            request = urllib.request.Request(  # noqa: S310 - http, of our own server
                f"{self._url}/api/v1/projects/{name}/pause", b"{}", method="POST",
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )  # fmt: skip
            with suppress(OSError), urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                answer.read()

    def follow(self) -> None:
        """Followers of the events come, hear something, and go."""
        for _ in range(3):
            with self._connect() as client:
                client.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.recv(1000)

    def hang(self) -> None:
        """Clients that say half a word, or nonsense, and go."""
        for words in (b"GET /metr", b"\0" * 100, b""):
            with self._connect() as client:
                client.sendall(words)

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self._url + path, timeout=30) as answer:  # noqa: S310
            return str(answer.read().decode())

    def _connect(self) -> socket.socket:
        address = urlsplit(self._url)
        return socket.create_connection((address.hostname, address.port or 80), timeout=30)

    def _free(self, rows: list[dict[str, str]]) -> str:
        used = {row["Project"] for row in rows}
        return self._random.choice([name for name in self.names if name not in used])


def server_of(log: Path) -> str:
    """The address that a controller printed, once it listens."""

    def found() -> str:
        with suppress(OSError):
            if told := re.search(r"shown on (http[^\s\"]+)", log.read_text(encoding="utf-8")):
                return told[1]
        return ""

    wait_for("the controller's server", found)
    return found()


def _row(name: str, kind: str, number: int) -> dict[str, str]:
    important = kind != "ends"
    return {
        "Project": name,
        "Priority": "1" if important else str(2 + number % 50),
        "Next Action": WORK[kind],
    }
