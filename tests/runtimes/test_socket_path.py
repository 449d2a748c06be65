"""Where a server's socket lies when nobody says."""

import os
import socket
from pathlib import Path

import pytest

from controller.core.observed import Unknown
from controller.parts.runtime import remembered_socket
from controller.runtimes.base import RuntimeFault
from controller.runtimes.socket_path import (
    SocketPathError,
    check_socket_path,
    default_socket,
    socket_fault,
)
from controller.runtimes.tmux import TmuxRuntime


def socket_in(tmp_path: Path, xdg: str = "", instance: str = "main") -> Path:
    """The default in a world below `tmp_path`."""
    for name in ("run", "tmp"):
        (tmp_path / name).mkdir(exist_ok=True)
    return default_socket(
        instance,
        environment={"XDG_RUNTIME_DIR": xdg},
        run=tmp_path / "run",
        tmp=tmp_path / "tmp",
    )


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose path leaves room for a socket's."""
    folder = tmp_path_factory.mktemp("s")
    assert len(os.fsencode(folder)) < 70
    return folder


def make(folder: Path, mode: int = 0o700) -> Path:
    """A folder with exactly that mode."""
    folder.mkdir(parents=True)
    folder.chmod(mode)
    return folder


def test_the_folder_of_the_login_session_comes_first(short: Path) -> None:
    """As the XDG base directories say."""
    folder = make(short / "xdg")
    assert folder / "main.sock" == socket_in(short, str(folder))
    assert folder / "other.sock" == socket_in(short, str(folder), "other")


@pytest.mark.parametrize("xdg", ["", "relative", "/proc/nonexistent", "/tmp"])
def test_a_shell_without_a_login_finds_the_same_socket(short: Path, xdg: str) -> None:
    """Cron has no variable, su a missing folder, sudo another user's."""
    folder = make(short / "run" / "user" / str(os.getuid()))
    assert folder / "main.sock" == socket_in(short, xdg)


def test_without_a_login_session_a_folder_of_our_own_is_made(short: Path) -> None:
    """In a container there is neither; a second call finds it again."""
    first = socket_in(short)

    assert short / "run" / f"sidekick-{os.getuid()}" / "main.sock" == first
    assert first.parent.stat().st_mode & 0o777 == 0o700
    assert first == socket_in(short)


def test_where_run_is_not_ours_to_write_it_is_in_tmp(short: Path) -> None:
    """A plain user without a login session."""
    (short / "run").write_text("nothing can be made in a file")
    (short / "tmp").mkdir()

    found = default_socket("main", environment={}, run=short / "run", tmp=short / "tmp")

    assert short / "tmp" / f"sidekick-{os.getuid()}" / "main.sock" == found


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_is_refused(short: Path, mode: int) -> None:
    """They could put their own server in the place of ours."""
    make(short / "run" / f"sidekick-{os.getuid()}", mode)
    with pytest.raises(SocketPathError, match="other users") as caught:
        socket_in(short)
    assert caught.value.reason == "SocketFolderUnsafe"


def test_a_link_in_the_place_of_the_folder_is_refused(short: Path) -> None:
    """Whoever made the link chooses where it leads."""
    make(short / "elsewhere")
    (short / "run").mkdir()
    (short / "run" / f"sidekick-{os.getuid()}").symlink_to(short / "elsewhere")
    with pytest.raises(SocketPathError, match="is no folder"):
        socket_in(short)


def test_a_folder_of_another_user_is_refused(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may make folders in /tmp, under any name."""
    uid = os.getuid() + 1
    make(short / "run" / f"sidekick-{uid}")
    monkeypatch.setattr(os, "getuid", lambda: uid)
    with pytest.raises(SocketPathError, match="belongs to another user"):
        socket_in(short)


@pytest.mark.parametrize("instance", ["", "../x", "A", "a.b", "a" * 62])
def test_an_odd_instance_is_refused(short: Path, instance: str) -> None:
    """It is a file's name."""
    with pytest.raises(SocketPathError) as caught:
        socket_in(short, instance=instance)
    assert caught.value.reason == "InstanceInvalid"


def test_a_path_that_no_socket_can_have_is_refused() -> None:
    """Tmux would cut it, or mean /tmp."""
    with pytest.raises(SocketPathError, match="must be absolute"):
        check_socket_path(Path("s"))
    with pytest.raises(SocketPathError, match="108 bytes") as caught:
        check_socket_path(Path("/" + "é" * 53 + "x"))
    assert caught.value.reason == "SocketPathTooLong"
    assert Path("/" + "é" * 53) == check_socket_path(Path("/" + "é" * 53))


def test_a_socket_of_somebody_else(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who put it there could answer in our server's name; a link counts as who made it."""
    path = make(short / "d") / "s"
    assert socket_fault(path) == ""
    with socket.socket(socket.AF_UNIX) as ours:
        ours.bind(str(path))
    assert socket_fault(path) == ""
    path.parent.chmod(0o777)
    assert "may be replaced by anybody" in socket_fault(path)
    path.parent.chmod(0o1777)
    assert socket_fault(path) == ""
    uid = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: uid)
    assert "belongs to another user" in socket_fault(path)


def test_such_a_socket_is_not_asked(short: Path) -> None:
    """Not even to look: its answer would be taken for what runs."""
    path = make(short / "d", 0o777) / "s"
    with socket.socket(socket.AF_UNIX) as evil:
        evil.bind(str(path))
        evil.listen()
        evil.setblocking(False)
        runtime = TmuxRuntime(
            path, owner="me", shim=("true", "x"), environment={"PATH": os.environ["PATH"]},
            configuration=short / "tmux.conf",
        )  # fmt: skip
        seen = runtime.observe()
        assert isinstance(seen, Unknown)
        assert (seen.reason, str(path) in seen.message) == ("SocketUnsafe", True)
        with pytest.raises(RuntimeFault, match="replaced by anybody"):
            runtime.attach_argv("app")
        with pytest.raises(BlockingIOError):
            evil.accept()


def test_theremembered_socket(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as long as its folder is ours: after a reboot anybody may have made it anew in /tmp."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(make(short / "xdg")))
    note = short / "state" / "socket"
    old = make(short / "old")
    note.parent.mkdir()
    note.write_text(f"{old}/main.sock\n")
    assert remembered_socket(note, "main") == old / "main.sock"
    old.chmod(0o777)
    assert remembered_socket(note, "main") == short / "xdg" / "main.sock"
    make(short / "evil")
    note.write_text(f"{short}/link/main.sock\n")
    (short / "link").symlink_to(short / "evil")
    assert remembered_socket(note, "main") == short / "xdg" / "main.sock"


def test_a_note_that_came_with_a_copy(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the server of the other folder's sessions; this one gets one of its own."""
    xdg = make(short / "xdg")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(xdg))
    note = short / "state" / "socket"
    note.parent.mkdir()
    note.write_text(f"{xdg}/other.sock\n")
    assert remembered_socket(note, "main") == xdg / "main.sock"
    assert note.read_text() == f"{xdg}/main.sock\n"
