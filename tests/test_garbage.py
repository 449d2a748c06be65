"""Garbage in the state folder: whatever lies there, it ends nothing and misleads nobody."""

import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.cli import stamp
from controller.core.errors import SidekickError, TransientError
from controller.fleet import APPROVED, NOTES, SUSPENDED, Fleet
from controller.layout import SOCKET
from controller.parts.runtime import remembered_socket
from controller.sources.approval import NOTE, ApprovedSource, pending
from controller.sources.memory import MemorySource

NOW = datetime(2026, 3, 1, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["0001-01-01T00:00:00", "9999-12-31T23:59:59+00:00", "2026-01-01", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["since", "message", "files", "facts", "environment", "\0", "state"]),
        inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
CONTENTS = st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode()))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder."""
    return tmp_path


def make_pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def make_holes(path: Path) -> None:
    """A terabyte of zeros that takes no room."""
    path.touch()
    os.truncate(path, 1 << 40)


def make_circle(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


ODD = pytest.mark.parametrize("make", [Path.mkdir, make_pipe, make_holes, make_circle])


@given(CONTENTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_about_the_fleet(state: Path, content: bytes) -> None:
    """A suspension that cannot be understood is one; notes and approvals are none then."""
    for name in (SUSPENDED, APPROVED, NOTES):
        (state / name).write_bytes(content)
    fleet = Fleet(state)

    suspension = fleet.suspension()

    assert suspension is not None
    assert suspension.since.tzinfo is not None
    assert suspension.message.encode()
    assert fleet.approved_prune().isascii()
    assert all(isinstance(text, str) for text in fleet.notes().values())
    fleet.note("a", "b")
    assert fleet.notes()["a"] == "b"


@ODD
def test_what_is_no_file_is_no_word(state: Path, make: Callable[[Path], None]) -> None:
    """And is answered at once; the fleet rests, for that is the safe side."""
    for name in (SUSPENDED, APPROVED, NOTES):
        make(state / name)
    fleet = Fleet(state)

    assert fleet.suspension() is not None
    assert (fleet.approved_prune(), fleet.notes()) == ("", {})


@given(
    st.binary(min_size=1, max_size=30).filter(
        lambda content: content.strip() not in {b"", b"memory"}
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_note_on_the_source_that_says_anything_waits_for_a_word(
    state: Path, content: bytes
) -> None:
    """Another kind of list than the noted one is not read, in one printable sentence."""
    (state / NOTE).write_bytes(content)
    source = ApprovedSource(MemorySource(), state)
    if not pending(state, "memory"):
        return  # blanks of any kind are no note

    with pytest.raises(SidekickError, match="source approve") as caught:
        source.read()

    assert caught.value.message.isprintable()


@ODD
def test_a_note_on_the_source_that_is_no_file_is_told(
    state: Path, make: Callable[[Path], None]
) -> None:
    """It is looked at again in every tick; until then nothing is read."""
    make(state / NOTE)
    with pytest.raises(TransientError, match=NOTE):
        ApprovedSource(MemorySource(), state).read()


@given(
    CONTENTS
    | st.sampled_from([b"/etc/passwd", b"/tmp", b"/tmp/" + b"x" * 200, b"relative", b"/\0"])
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_note_on_the_socket(state: Path, content: bytes) -> None:
    """What no socket can be is not used; the default is found, and noted."""
    note = state / SOCKET
    note.unlink(missing_ok=True)
    default = remembered_socket(note, "a")
    note.write_bytes(content)

    assert remembered_socket(note, "a") == default
    assert note.read_text() == f"{default}\n"


def test_a_good_note_on_the_socket_counts(state: Path) -> None:
    """Whether the server runs or not."""
    note, path = state / SOCKET, state / "a.sock"
    note.write_text(f"{path}\n")
    assert remembered_socket(note, "a") == path
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert remembered_socket(note, "a") == path


@ODD
def test_a_note_on_the_socket_that_is_no_file(state: Path, make: Callable[[Path], None]) -> None:
    """The default is used."""
    default = remembered_socket(state / "other", "a")
    make(state / SOCKET)
    assert remembered_socket(state / SOCKET, "a") == default


@given(CONTENTS | st.dictionaries(
    st.sampled_from(["version", "config", "state", "files", "environment", "facts"]), JSON
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_stamp_of_the_settings(state: Path, content: bytes) -> None:
    """Settings that no stamp vouches for are checked again."""
    config = state / "config.yaml"
    config.write_text("slots: 1\n")
    folder = state / "state"
    folder.mkdir(exist_ok=True)
    (folder / stamp.NAME).write_bytes(content)
    assert stamp.known({}, str(state)) is None


@pytest.mark.parametrize("file", ["\0", "\ud800", "x" * 5000, ""])
def test_a_stamp_with_a_name_that_no_file_has(state: Path, file: str) -> None:
    """It is of no use."""
    (state / "config.yaml").write_text("slots: 1\n")
    folder = state / "state"
    folder.mkdir()
    stamp.leave(str(folder), str(state / "config.yaml"), [], [], {}, {"a": 1})
    document = json.loads((folder / stamp.NAME).read_text())
    assert stamp.known({}, str(state)) == {"a": 1}
    (folder / stamp.NAME).write_text(json.dumps({**document, "files": {file: [1, 2, 3, 4]}}))
    assert stamp.known({}, str(state)) is None


@ODD
def test_a_stamp_that_is_no_file(state: Path, make: Callable[[Path], None]) -> None:
    """It is of no use, and answers at once."""
    (state / "config.yaml").write_text("slots: 1\n")
    (state / "state").mkdir()
    make(state / "state" / stamp.NAME)
    assert stamp.known({}, str(state)) is None
