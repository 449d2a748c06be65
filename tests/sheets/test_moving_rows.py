"""Rows that move between our read and our write: no status stays on a wrong row."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count as count_from
from json import dumps
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest
from requests import Response

from controller.sources.base import Source
from controller.sources.google_sheets_faults import SheetFault
from tests.e2e.lab import wait_for
from tests.sheets.accounts import EMAIL
from tests.sheets.emulator import Emulator
from tests.sheets.lists import edit, fill, sheet, statuses
from tests.sources.benches import COLUMNS, row

OURS = ("Status", "Agent", "Last Update")
ROUNDS = 10_000
_MOST_ROWS = 20


class User:
    """Inserts, sorts and deletes rows, types into cells of its own, and knows what they say."""

    def __init__(self, google: Emulator, seed: int) -> None:
        self.google = google
        self.random = random.Random(seed)
        self.rows = {line["Project"]: line for line in google.tab.table()}
        self.number = 0

    def move(self) -> None:
        """Do one of those."""
        tab = self.google.tab
        choice = self.random.randrange(4)
        if len(tab.cells) < 5 or (choice == 0 and len(tab.cells) < _MOST_ROWS):
            self.number += 1
            new = row(f"new {self.number}", owner=f"me {self.number}")
            tab.insert(self.random.randrange(1, len(tab.cells) + 1), _cells(new))
            self.rows[new["Project"]] = {name: new.get(name, "") for name in COLUMNS}
        elif choice == 1:
            tab.sort(reverse=self.random.random() < 0.5)
        elif choice == 2 and len(tab.cells) > 9:
            place = self.random.randrange(1, len(tab.cells))
            self.rows.pop("".join(tab.cells[place][:1]), None)
            tab.delete(place)
        else:
            name = self.random.choice(list(self.rows))
            self.number += 1
            tab.type(name, "Owner", f"me {self.number}")
            self.rows[name]["Owner"] = f"me {self.number}"


def _cells(typed: dict[str, str]) -> list[str]:
    return [typed.get(name, "") for name in COLUMNS]


def _between(google: Emulator, user: User) -> Callable[[str], None]:
    """Let the user move something between a read and the write after it, now and then twice."""

    def race(deed: str) -> None:
        if deed == "write" and user.random.random() < 0.7:
            user.move()
            if user.random.random() < 0.2:
                user.move()

    return race


def play(google: Emulator, source: Source, rounds: int, seed: int) -> int:
    """Write statuses while the user moves rows; returns how many rounds went through.

    Every row's status is its own name with the round in which it was written, so that one that is
    on a wrong row is told at once.
    """
    user = User(google, seed)
    done = 0
    expected: dict[str, str] = {}
    for count in range(rounds):
        snapshot = source.read()
        google.before = _between(google, user)
        name = user.random.choice(snapshot.rows).cell("Project")
        word = f"{name} in {count}"
        wanted = edit(snapshot, name, status=word, agent=f"{name}'s", last_update=str(count))
        written = source.write([wanted])
        google.before = None
        if written.applied:
            done += 1
            expected[name] = word
        for line in google.tab.table():
            theirs = user.rows[line["Project"]]
            assert {key: line[key] for key in COLUMNS if key not in OURS} == {
                key: theirs[key] for key in COLUMNS if key not in OURS
            }
            assert line["Status"] == expected.get(line["Project"], "")
    return done


def _play(google: Emulator, folder: Path, rounds: int) -> None:
    fill(google, *(f"p{number}" for number in range(6)))
    google.reads.limit = google.writes.limit = 10 * rounds
    source = sheet(google, folder)
    began = time.monotonic()
    done = play(google, source, rounds, seed=7)
    source.close()
    print(f"{rounds} rounds, {done} written, {time.monotonic() - began:.0f} s, {google.calls}")  # noqa: T201
    assert done > 0.8 * rounds


def test_rows_that_move_while_we_write(google: Emulator, tmp_path: Path) -> None:
    """A few rounds of what follows."""
    _play(google, tmp_path, 30)


@pytest.mark.slow
@pytest.mark.timeout(540)
def test_rows_that_move_for_long(
    google: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each of many rounds every status is on its own row, and the user's cells are theirs.

    Without a socket, whose time the rounds do not need: the few above have one.
    """
    token = google.token_of(EMAIL)

    def request(
        _http: object, method: str, url: str, params: Any = None, json: Any = None
    ) -> Response:
        target = f"{url[url.index('/v4/') :]}?{urlencode(params or {}, doseq=True)}"
        headers = {"authorization": f"Bearer {token}"}
        call = google.call_of(
            method.upper(), target, headers, dumps(json).encode() if json else b""
        )
        answer = google.do(call)
        response = Response()
        response.status_code = answer.status
        response._content = answer.body.encode()
        assert response.ok, answer
        return response

    monkeypatch.setattr("controller.sources.google_sheets_http.SheetsHttp.request", request)
    _play(google, tmp_path, ROUNDS)


@pytest.mark.slow
def test_two_that_write_while_rows_move(google: Emulator, tmp_path: Path) -> None:
    """Neither leaves a status on a wrong row.

    A newer one may be lost to the other's repair: within one call's time the last writer wins.
    """
    names = [f"p{number}" for number in range(10)]
    fill(google, *names)
    google.reads.limit = google.writes.limit = 100_000
    over = Event()

    def sort() -> None:
        for count in count_from(0):
            if over.wait(0.02):
                return
            with google.lock:
                google.tab.sort(reverse=count % 2 == 0)

    def put(source: Source, name: str, word: str) -> bool:
        with suppress(SheetFault):  # the rows moved too often; a controller tries again, too
            return bool(source.write([edit(source.read(), name, status=word, agent=name)]).applied)
        return False

    def write(number: int) -> None:
        (tmp_path / str(number)).mkdir()
        source = sheet(google, tmp_path / str(number))
        for count in range(60):
            name = names[number::2][count % 5]
            word = f"{name} in {count}"
            wait_for(word, partial(put, source, name, word))
        source.close()

    with ThreadPoolExecutor() as pool:
        sorting = pool.submit(sort)
        writing = [pool.submit(write, number) for number in (0, 1)]
        try:
            for each in writing:
                each.result(60)
        finally:
            over.set()
        sorting.result(10)
    found = {name: text.partition(" in ")[0] for name, text in statuses(google).items()}
    assert found == {name: name for name in names}
