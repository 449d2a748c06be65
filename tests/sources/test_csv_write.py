"""Writing a CSV file: the cells that were meant, atomically, and no other byte."""

import errno
import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from controller.sources.base import Edit, SourceUnavailable
from controller.sources.csv_file import CsvFile
from tests.sources.benches import cells_of, edits_of, powerless

HEADER = "Project,Priority,Status,Agent,Last Update,Next Action"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A list with one row."""
    path = tmp_path / "p.csv"
    path.write_text(f"{HEADER}\na,1,,,,do\n")
    return path


def write(path: Path, project: str = "a", **cells: str) -> CsvFile:
    """Write an edit as the controller does; it must apply."""
    source = CsvFile(path)
    edits = edits_of(source.read(), project, **cells)
    assert source.write(edits).applied == tuple(edits)
    source.close()
    return source


@contextmanager
def mounted(*arguments: str) -> Iterator[None]:
    """A mount for the time of a test; skipped where this user may not mount."""
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", arguments[-1]], check=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"\xef\xbb\xbf" + f"{HEADER},Mine\r\n a ,1,,,,\"do, 'it'\",\r\n\r\n".encode(),
            b"\xef\xbb\xbf" + f"{HEADER},Mine\r\n a ,1,Queued,,,\"do, 'it'\",\r\n\r\n".encode(),
        ),
        (f"{HEADER}\na".encode(), f"{HEADER}\na,,Queued".encode()),
        (
            f'"Status","Project"\r"","a"\r"x",b,{HEADER[:0]}'.encode(),
            b'"Status","Project"\r"Queued","a"\r"x",b,',
        ),
    ],
)
def test_every_other_byte_stays(path: Path, before: bytes, after: bytes) -> None:
    """Mark, line ends, quoting, order, blank lines and unknown columns are the user's."""
    path.write_bytes(before)
    source = CsvFile(path, required=["Project", "Status"])

    source.write(edits_of(source.read(), "a", status="Queued"))

    assert path.read_bytes() == after


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_other_encodings_are_written_as_they_are(path: Path, encoding: str) -> None:
    """A file stays in its encoding; what that lacks becomes a question mark, once."""
    path.write_bytes(f"{HEADER}\né,1,,,,do\n".encode(encoding))
    source = CsvFile(path, encoding=encoding)

    source.write(edits_of(source.read(), "é", status="ü", agent="→"))

    arrow = "→".encode(encoding, "replace").decode(encoding)
    assert path.read_bytes() == f"{HEADER}\né,1,ü,{arrow},,do\n".encode(encoding)
    inode = path.stat().st_ino
    source.write(edits_of(source.read(), "é", agent="→"))
    assert path.stat().st_ino == inode


def test_half_a_character_does_not_stop_a_write(path: Path) -> None:
    """A text that no encoding can hold is written as far as it can be."""
    source = write(path, agent="a\udcffb\0")

    assert cells_of(source.read(), "Agent") == ["a?b"]


@pytest.mark.parametrize("value", ["=1+1", "+x", "-x", "@x", "\tx", "\rx"])
def test_a_formula_is_inert_and_written_once(path: Path, value: str) -> None:
    """What a spreadsheet would compute is text, and the next tick has nothing to do."""
    source = write(path, status=value)
    assert cells_of(source.read(), "Status") == [f"'{value}"]
    inode = path.stat().st_ino

    source.write(edits_of(source.read(), "a", status=value))

    assert path.stat().st_ino == inode


def test_nothing_to_change_writes_nothing(path: Path) -> None:
    """The file is not replaced where it holds everything already."""
    source = write(path, status="Queued")
    before = path.stat()

    source.write(edits_of(source.read(), "a", status="Queued", reason="no such column"))

    after = path.stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_mode_and_owner_stay(path: Path) -> None:
    """The file that replaces the list is as open to others as the list was."""
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    before = path.stat()

    write(path, status="Queued")

    after = path.stat()
    assert stat.S_IMODE(after.st_mode) == 0o664
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_attributes_stay(path: Path) -> None:
    """Access lists and labels go along."""
    try:
        os.setxattr(path, "user.mine", b"yes")
    except OSError:
        pytest.skip("no attributes on this file system")

    write(path, status="Queued")

    assert os.getxattr(path, "user.mine") == b"yes"


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """Through a symbolic link the file that it leads to is replaced."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "list.csv"
    link.symlink_to("../p.csv")

    write(link, status="Queued")

    assert link.is_symlink()
    assert "Queued" in path.read_text()
    assert [link] == list(folder.iterdir())


def test_nothing_is_left_beside_the_file(path: Path) -> None:
    """No temporary file outlives a write."""
    write(path, status="Queued")

    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_run_left_is_swept(path: Path) -> None:
    """Old drafts of ours go; young ones and files of others stay."""
    stale, young, other = (
        path.with_name(name)
        for name in (".p.csv.sidekick-new-0123", ".p.csv.sidekick-new-4567", ".p.csv.swp")
    )
    for file in (stale, young, other):
        file.write_text("x")
    for file in (stale, other):
        os.utime(file, (time.time() - 61,) * 2)

    CsvFile(path).read()

    assert {path, young, other} == set(path.parent.iterdir())


def test_what_was_too_young_at_our_start_goes_with_a_write(path: Path) -> None:
    """A controller that comes back at once leaves nothing behind for good either."""
    source = CsvFile(path)
    left = path.with_name(".p.csv.sidekick-0123")
    left.write_text("x")
    os.utime(left, (time.time() - 61,) * 2)
    row = source.read().rows[0]

    source.write([Edit(row, {"Status": "Queued"})])

    assert not left.exists()


@pytest.mark.parametrize(
    ("number", "reason", "words"),
    [
        (errno.EBUSY, "SingleFileMount", "Mount its folder"),
        (errno.EROFS, "ReadOnly", "read-only"),
        (errno.EACCES, "PermissionDenied", "chmod"),
        (errno.EPERM, "PermissionDenied", "chmod"),
        (errno.ENOSPC, "DiskFull", "Make room"),
        (errno.EDQUOT, "DiskFull", "quota"),
        (errno.EIO, "WriteFailed", "Input/output error"),
    ],
)
@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_failed_write_leaves_all_as_it_was(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    reason: str,
    words: str,
) -> None:
    """Each failure has its message; the list is intact and nothing lies beside it."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    source = CsvFile(path)
    edits = edits_of(source.read(), "a", status="Queued")
    before = path.read_bytes()
    monkeypatch.setattr(call, fail)

    with pytest.raises(SourceUnavailable, match=words) as caught:
        source.write(edits)

    assert caught.value.reason == reason
    assert str(path) in caught.value.message
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555)])
def test_without_the_right_to_write_the_list_is_read(
    open_folder: Path, file_mode: int, folder_mode: int
) -> None:
    """A read-only file, or folder, is respected, though a rename would not ask the file."""
    path = open_folder / "p.csv"
    path.write_text(f"{HEADER}\na,1,,,,do\n")
    path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    source = CsvFile(path)
    edits = edits_of(source.read(), "a", status="Queued")

    with powerless(), pytest.raises(SourceUnavailable, match="only read") as caught:
        source.write(edits)

    assert caught.value.reason == "PermissionDenied"
    assert cells_of(source.read(), "Status") == [""]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """On a file system without room the original stays, whole."""
    with mounted("-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)):
        path = tmp_path / "p.csv"
        content = f"{HEADER}\na,1,,,,{'x' * 40_000}\n"
        path.write_text(content)
        source = CsvFile(path)
        edits = edits_of(source.read(), "a", status="Queued")

        with pytest.raises(SourceUnavailable, match="full"):
            source.write(edits)

        assert path.read_text() == content
        assert list(tmp_path.iterdir()) == [path]


def test_a_single_file_mount_is_told(path: Path, tmp_path: Path) -> None:
    """A file that is a mount can be read and not replaced; its stale view is recognised."""
    inner = tmp_path / "inner.csv"
    inner.touch()
    with mounted("--bind", str(path), str(inner)):
        source = CsvFile(inner)
        edits = edits_of(source.read(), "a", status="Queued")
        with pytest.raises(SourceUnavailable, match="Mount its folder"):
            source.write(edits)

        path.with_name("new").write_text(HEADER)
        path.with_name("new").replace(path)
        with pytest.raises(SourceUnavailable, match="replaced outside"):
            source.read()


def test_a_read_only_mount_is_told(path: Path, tmp_path: Path) -> None:
    """A folder mounted with `:ro` is read, and writing says why it cannot."""
    inner = tmp_path / "inner"
    inner.mkdir()
    outer = tmp_path / "outer"
    outer.mkdir()
    path.rename(outer / "p.csv")
    with mounted("-o", "bind,ro", str(outer), str(inner)):
        source = CsvFile(inner / "p.csv")
        edits = edits_of(source.read(), "a", status="Queued")

        with pytest.raises(SourceUnavailable, match="read-only"):
            source.write(edits)


def test_a_file_that_never_rests_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few lost races the write gives up, and says so."""

    def lose(*_: object) -> bool:
        return False

    source = CsvFile(path)
    edits = edits_of(source.read(), "a", status="Queued")
    monkeypatch.setattr("controller.sources.csv_file.replace_if_unchanged", lose)

    with pytest.raises(SourceUnavailable, match="nothing was written"):
        source.write(edits)


def test_a_missing_list_is_not_made(path: Path) -> None:
    """Writing to a list that was deleted raises, and makes no file."""
    source = CsvFile(path)
    edits = edits_of(source.read(), "a", status="Queued")
    path.unlink()

    with pytest.raises(SourceUnavailable, match="does not exist"):
        source.write(edits)

    assert not path.exists()


def test_bytes_that_cannot_be_kept_are_not_written(path: Path) -> None:
    """An encoding that would spell the same text otherwise is read only."""
    path.write_bytes(f"{HEADER}\n+AGE-,1,,,,do\n".encode())
    source = CsvFile(path, encoding="utf-7")
    (found,) = source.read().rows

    with pytest.raises(Exception, match="cannot be edited safely"):
        source.write([Edit(found, {"Status": "Queued"})])

    assert "+AGE-" in path.read_text()


def test_a_hard_link_is_parted_and_told_once(path: Path) -> None:
    """The list's other name keeps the old content; the user is told what to use instead."""
    other = path.with_name("other.csv")
    other.hardlink_to(path)
    before = path.read_text()

    source = write(path, status="Queued")
    source.write(edits_of(source.read(), "a", status="In Progress"))
    source.close()

    assert other.read_text() == before
    assert "In Progress" in path.read_text()
    (notice,) = source.notices()
    assert (notice.reason, notice.warning) == ("HardLinkParted", True)


def test_a_long_list_is_written(path: Path) -> None:
    """Ten thousand rows, each of them changed in one write."""
    rows = "".join(f"p{number},1,,,,do {number}\n" for number in range(10_000))
    path.write_text(f"{HEADER}\n{rows}")
    source = CsvFile(path)
    edits = [Edit(row, {"Status": "Queued"}) for row in source.read().rows]

    assert len(source.write(edits).applied) == 10_000

    assert set(cells_of(source.read(), "Status")) == {"Queued"}
    assert path.read_text().replace("Queued", "") == f"{HEADER}\n{rows}"


def test_two_writers_of_ours_lose_nothing(path: Path) -> None:
    """A command beside the controller: each write is there in the end, and so is every row."""
    names = [f"p{number}" for number in range(20)]
    path.write_text("\n".join((HEADER, *(f"{name},1,,,," for name in names), "")))

    def work(mine: list[str]) -> None:
        source = CsvFile(path)
        for name in mine:
            while True:
                with suppress(SourceUnavailable):
                    if not source.write(edits_of(source.read(), name, status=name)).conflicts:
                        break
        source.close()

    workers = [threading.Thread(target=work, args=[names[half::2]]) for half in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert cells_of(CsvFile(path).read(), "Status") == names
