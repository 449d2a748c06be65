"""`reconcile` and `apply` beside a controller that is played; a signal where it does not answer."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.cli.desk import NOW, Desk, a_project

PLACE = "POST /api/v1/reconcile"
ACTIONS: list[dict[str, Any]] = [
    {"action": "Start", "project": "One", "reason": "Wanted", "message": "its turn has come",
     "until": None},
    {"action": "Wait", "project": "Two", "reason": "Capacity", "message": "all 1 slots are taken",
     "until": "2026-01-01T00:00:00Z"},
]  # fmt: skip


def plan(*actions: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A plan's document."""
    return {
        "version": "sidekick/v1", "at": "2026-01-01T00:00:00Z", "actions": list(actions),
        "errors": {}, "prune": "", "known": True, **values,
    }  # fmt: skip


@contextmanager
def signals() -> Iterator[list[int]]:
    """Whatever wakes the process that holds the lock: ourselves."""
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: came.append(number))
    try:
        yield came
    finally:
        signal.signal(signal.SIGUSR1, before)


def beside(desk: Desk, status: int, document: Any, **values: Any) -> list[tuple[str, str]]:
    """Play a controller that answers so; returns what it is asked."""
    played = desk.play_controller({PLACE: (status, document)})
    desk.keep(a_project("One"), **{"server": played.url, **values})
    (desk.state / "token").write_text("t0k\n")
    return played.asked


@pytest.mark.parametrize("word", ["reconcile", "apply"])
def test_what_was_done_is_printed(desk: Desk, word: str) -> None:
    """By the running controller, which is asked with the token."""
    asked = beside(desk, 200, plan(*ACTIONS))
    code, out, err = desk.sidekick(word)
    assert (code, err) == (0, "")
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["ACTION", "PROJECT", "REASON"], ["Start", "One", "Wanted"], ["Wait", "Two", "Capacity"],
    ]  # fmt: skip
    assert asked == [(PLACE, "Bearer t0k")]


@pytest.mark.parametrize("word", ["reconcile", "apply"])
def test_nothing_to_do(desk: Desk, word: str) -> None:
    """A world as it should be."""
    beside(desk, 200, plan())
    assert desk.sidekick(word) == (0, "nothing to do\n", "")


@pytest.mark.parametrize("word", ["reconcile", "apply"])
@pytest.mark.parametrize(("known", "code"), [(True, 1), (False, 2)])
def test_what_failed_is_told(desk: Desk, word: str, known: bool, code: int) -> None:
    """1 where a part of the tick failed, 2 where it could not be planned."""
    beside(desk, 200, plan(errors={"act": "no such program"}, known=known))
    found, _, err = desk.sidekick(word)
    assert found == code
    assert err == "sidekick: act: no such program\n"


@pytest.mark.parametrize("word", ["reconcile", "apply"])
def test_a_controller_without_time(desk: Desk, word: str) -> None:
    """Its own words, exit 2; nobody wakes it on top of that."""
    beside(desk, 503, {"title": "LoopBusy", "detail": "the loop had no time for it"})
    with signals() as came:
        code, out, err = desk.sidekick(word)
    assert (code, out, err) == (2, "", "sidekick: the loop had no time for it\n")
    assert came == []


@pytest.mark.parametrize(
    ("status", "document", "text"),
    [
        (404, {"detail": "Not Found"}, "answered 404 Not Found"),
        (401, {"detail": "no token"}, "answered 401 no token"),
        (500, "x", "answered 500"),
        (200, [], "cannot be understood"),
        (200, {"errors": {}}, "cannot be understood"),
        (200, {**plan(), "errors": []}, "cannot be understood"),
    ],
)
def test_no_answer_that_helps(desk: Desk, status: int, document: Any, text: str) -> None:
    """`reconcile` says so with 2; `apply` wakes the controller by a signal, and says that."""
    beside(desk, status, document)
    code, out, err = desk.sidekick("reconcile")
    assert (code, out) == (2, "")
    assert text in err
    with signals() as came:
        code, out, err = desk.sidekick("apply")
    assert code == 0
    assert "was asked to reconcile" in out
    assert text in err
    assert "by a signal" in err
    assert came == [signal.SIGUSR1]


def test_a_server_that_is_gone(desk: Desk) -> None:
    """`apply` still reaches the controller."""
    desk.play_controller({})
    desk.keep(a_project("One"), server="http://127.0.0.1:1")
    with signals() as came:
        code, _, err = desk.sidekick("apply")
    assert code == 0
    assert "does not answer" in err
    assert came


def test_the_token_is_shown_to_no_server_of_another_time(desk: Desk) -> None:
    """The address in an earlier controller's report may be anybody's by now."""
    asked = beside(desk, 200, plan(), at=NOW - timedelta(days=1))
    code, _, err = desk.sidekick("reconcile")
    assert code == 2
    assert "not ready yet" in err
    assert asked == []


def test_a_controller_on_another_host_gets_no_signal(desk: Desk) -> None:
    """Its process number means another process here."""
    beside(desk, 404, {})
    lock = desk.state / "controller.lock"
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "host": "elsewhere"}))
    with signals() as came:
        code, out, _ = desk.sidekick("apply")
    assert (code, out) == (2, "")
    assert came == []


def test_none_runs(desk: Desk) -> None:
    """`reconcile` says so, with the command that does a tick itself."""
    code, out, err = desk.sidekick("reconcile")
    assert (code, out) == (1, "")
    assert "no controller runs" in err
    assert "sidekick apply" in err
