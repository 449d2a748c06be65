"""The fleet's own words: rest, and leave to stop many."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller import fleet as module
from controller import shared_words
from controller.core.memory import Suspension
from controller.fleet import Fleet
from controller.shared_words import FleetUnavailable

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state's folder; not there yet."""
    return tmp_path / "state"


@pytest.fixture
def fleet(state: Path) -> Fleet:
    """The fleet of that state."""
    return Fleet(state)


def test_suspend_and_resume(fleet: Fleet, state: Path) -> None:
    """A fleet that was told to rest does so for every process, until it is told to go on."""
    assert fleet.suspension() is None
    assert not fleet.resume()

    fleet.suspend(NOW, 'for "tests" ü')
    for seen in (fleet, Fleet(state)):
        assert Suspension(NOW, 'for "tests" ü') == seen.suspension()
    assert [path.name for path in state.iterdir()] == ["suspended.json"]

    assert Fleet(state).resume()
    assert fleet.suspension() is None
    assert not fleet.resume()


def test_suspend_again(fleet: Fleet) -> None:
    """The newest word stands."""
    fleet.suspend(NOW, "first")
    fleet.suspend(NOW.replace(year=2027), "second")
    assert Suspension(NOW.replace(year=2027), "second") == fleet.suspension()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"5", b"null", b"{}", b'{"since": "soon", "message": "x"}',
        b'{"since": 5, "message": "x"}', b'{"message": "x"}',
        pytest.param(b"\xff\xfe"),
        pytest.param(b"[" * 50_000),
    ],
)  # fmt: skip
def test_a_broken_word(fleet: Fleet, state: Path, content: bytes) -> None:
    """A word that cannot be understood is a rest all the same; `touch` will do."""
    state.mkdir()
    (state / "suspended.json").write_bytes(content)
    found = fleet.suspension()
    assert found is not None
    assert found.since.tzinfo is not None
    assert fleet.resume()
    assert fleet.suspension() is None


def test_a_folder_for_a_word(fleet: Fleet, state: Path) -> None:
    """What cannot even be read is a rest, with the reason."""
    (state / "suspended.json").mkdir(parents=True)
    found = fleet.suspension()
    assert found is not None
    assert "suspended.json" in found.message


def test_resume_that_fails(fleet: Fleet, state: Path) -> None:
    """A word that cannot be taken back is told."""
    (state / "suspended.json").mkdir(parents=True)
    with pytest.raises(FleetUnavailable):
        fleet.resume()


def test_a_time_without_a_zone(fleet: Fleet, state: Path) -> None:
    """A time that somebody wrote by hand can be compared with others."""
    state.mkdir()
    word = {"since": "2026-01-02T03:04:05", "message": "by hand"}
    (state / "suspended.json").write_text(json.dumps(word))
    found = fleet.suspension()
    assert found is not None
    assert found.since.tzinfo is not None


def test_approve(fleet: Fleet, state: Path) -> None:
    """Leave for one mass stop is seen by every process, and counts once."""
    assert fleet.approved_prune() == ""
    fleet.forget_approval()

    fleet.approve_prune("digest-1")
    assert Fleet(state).approved_prune() == "digest-1"
    fleet.approve_prune("digest-2")
    assert fleet.approved_prune() == "digest-2"

    fleet.forget_approval()
    assert fleet.approved_prune() == ""
    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", pytest.param(b"\xff")],
)  # fmt: skip
def test_no_leave(fleet: Fleet, state: Path, content: bytes) -> None:
    """A file that says nothing gives no leave."""
    state.mkdir()
    (state / "approved-prune").write_bytes(content)
    assert fleet.approved_prune() == ""


def test_nothing_can_be_written(tmp_path: Path) -> None:
    """A word that cannot be written is told, and leaves nothing half."""
    (tmp_path / "state").write_text("a file")
    fleet = Fleet(tmp_path / "state")
    with pytest.raises(FleetUnavailable) as caught:
        fleet.approve_prune("x")
    assert str(tmp_path / "state") in caught.value.message
    assert caught.value.reason == "FleetUnavailable"


def test_a_word_that_cannot_be_replaced(fleet: Fleet, state: Path) -> None:
    """The same where only the last step fails: no temporary file stays."""
    (state / "suspended.json" / "x").mkdir(parents=True)
    with pytest.raises(FleetUnavailable):
        fleet.suspend(NOW, "x")
    assert [path.name for path in state.iterdir()] == ["suspended.json"]


def test_a_word_that_cannot_be_read_just_now_stands(fleet: Fleet, state: Path) -> None:
    """No lack of descriptors lets a fleet rest that works, or work that rests."""
    state.mkdir()
    word = state / "suspended.json"
    for suspended in (False, True):
        if suspended:
            fleet.suspend(NOW, "lunch")
        known = fleet.suspension()
        assert bool(known) is suspended
        # A link in a circle can be read by nobody, root included.
        kept = state / "kept"
        if suspended:
            word.rename(kept)
        word.symlink_to(word.name)
        assert fleet.suspension() == known
        word.unlink()
    kept.rename(word)
    assert fleet.resume()
    assert fleet.suspension() is None


def test_a_word_that_cannot_be_read_now(
    fleet: Fleet, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one stands while the system fails: live work is not ended for want of a descriptor.

    Notes are not taken for none either, and written over.
    """
    fleet.note("A", "lunch")
    assert fleet.suspension() is None

    def fail(_: Path) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(module, "read_small", fail)
        patch.setattr(shared_words, "read_small", fail)
        assert fleet.suspension() is None
        assert Fleet(state).suspension() is not None
        with pytest.raises(FleetUnavailable):
            fleet.note("B", "tea")
        fleet.forget_notes({"A": "lunch"})
    assert fleet.notes() == {"A": "lunch"}

    fleet.suspend(NOW, "tea")
    assert fleet.suspension()
    monkeypatch.setattr(module, "read_small", fail)
    assert fleet.suspension() == Suspension(NOW, "tea")


def test_what_killed_writers_left(fleet: Fleet, state: Path) -> None:
    """Their temporary files go after a minute, whosever they are; nothing else does."""
    fleet.note("A", "lunch")
    for name in (".source.new", ".notes.json.new"):
        (state / name).touch()
    fleet.clear_away(datetime.now(UTC) + timedelta(seconds=50))
    assert len(list(state.iterdir())) == 3
    fleet.clear_away(datetime.now(UTC) + timedelta(seconds=70))
    assert [path.name for path in state.iterdir()] == ["notes.json"]


WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from controller import shared_words
from controller.fleet import Fleet
shared_words.PATIENCE = 60.0
fleet, name = Fleet(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    fleet.answer(f"{name}-{number}", "yes", datetime.now().astimezone())
    fleet.note(f"{name}-{number}", "so")
    fleet.release(f"{name}-{number}", datetime.now().astimezone())
"""


def test_words_that_several_processes_give_are_all_kept(
    fleet: Fleet, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands beside each other, and a controller that forgets what was heard meanwhile."""
    monkeypatch.setattr(shared_words, "PATIENCE", 60.0)
    heard = {"heard-a", "heard-b"}
    for name in heard:
        fleet.answer(name, "no", NOW)
        fleet.note(name, "heard")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(state), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abcd"
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    while any(writer.poll() is None for writer in writers):
        given, notes = fleet.answers(), fleet.notes()
        fleet.forget_answers({name: given[name] for name in heard & given.keys()})
        fleet.forget_notes({name: notes[name] for name in heard & notes.keys()})
        for name in heard:
            fleet.answer(name, "no", NOW)
    for writer in writers:
        writer.communicate(timeout=30)
        assert writer.returncode == 0
    said = {f"{name}-{number}" for name in "abcd" for number in range(50)}
    assert fleet.answers().keys() - heard == said
    assert fleet.notes().keys() - heard == said
    assert fleet.released().keys() == said


def test_what_was_said_since_is_not_forgotten(fleet: Fleet) -> None:
    """Between the look at a word and its end a person may have given another."""
    for name in "ab":
        fleet.answer(name, "first", NOW)
        fleet.note(name, "first")
    given, notes = fleet.answers(), fleet.notes()
    fleet.answer("b", "second", NOW)
    fleet.note("b", "second")
    fleet.answer("c", "first", NOW)
    fleet.note("c", "first")
    fleet.forget_answers(given)
    fleet.forget_notes(notes)
    assert {name: answer.text for name, answer in fleet.answers().items()} == {
        "b": "second", "c": "first",
    }  # fmt: skip
    assert fleet.notes() == {"b": "second", "c": "first"}


def test_a_word_whose_turn_does_not_come(
    fleet: Fleet, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives it is told; what is only cleared away waits for nobody."""
    monkeypatch.setattr(shared_words, "PATIENCE", 0.05)
    fleet.answer("a", "yes", NOW)
    given = fleet.answers()
    other = os.open(state, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(FleetUnavailable, match=r"another process .* try again") as caught:
        fleet.answer("b", "yes", NOW)
    assert str(state) in caught.value.message
    fleet.forget_answers(given)
    assert fleet.answers() == given
    os.close(other)
    fleet.answer("b", "yes", NOW)
    fleet.forget_answers(given)
    assert fleet.answers().keys() == {"b"}
