"""Every way in which people's programs save a file is seen, and survives our writes."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.sources.csv_file import CsvFile
from tests.sources.benches import cells_of, edits_of

BEFORE = "Project,Priority,Status,Agent,Last Update,Next Action\na,1,,,,do\nb,2,,,,wait\n"
AFTER = BEFORE.replace("wait", "go")


def in_place(path: Path, text: str) -> None:
    """Save as nano, emacs and VS Code do: truncate and write."""
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    """Save as LibreOffice does: a temporary file takes the place."""
    temporary = path.with_name("lu1234.tmp")
    temporary.write_text(text)
    temporary.replace(path)


def with_backup(path: Path, text: str) -> None:
    """Save as vim does: the old file becomes the backup, a new one is made."""
    path.rename(path.with_name("p.csv~"))
    path.write_text(text)
    path.with_name("p.csv~").unlink()


def by_checkout(path: Path, text: str) -> None:
    """Save as git does: remove, then create."""
    path.unlink()
    path.write_text(text)


@pytest.mark.parametrize("save", [in_place, by_rename, with_backup, by_checkout])
def test_a_save_is_seen_and_ours_comes_on_top(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    """Saved at any time, the user's text is read at once and kept by the next write."""
    path = tmp_path / "p.csv"
    path.write_text(BEFORE)
    source = CsvFile(path)
    edits = edits_of(source.read(), "a", status="Queued")

    save(path, AFTER)
    assert cells_of(source.read(), "Next Action") == ["do", "go"]
    assert source.write(edits).applied == tuple(edits)
    assert path.read_text() == AFTER.replace("a,1,", "a,1,Queued")

    save(path, BEFORE)
    assert cells_of(source.read(), "Status") == ["", ""]


@pytest.mark.parametrize(
    "command",
    [
        ["sed", "-i", "s/wait/go/", "p.csv"],
        ["perl", "-i", "-pe", "s/wait/go/", "p.csv"],
        ["vim", "-u", "NONE", "-N", "-es", "-c", "%s/wait/go/", "-c", "wq", "p.csv"],
        ["vim", "-u", "NONE", "-Nes", "-c", "set bkc=no wb | %s/wait/go/ | wq", "p.csv"],
        ["sh", "-c", "printf '%s\\n' ',/wait/s/wait/go/' w q | ed -s p.csv"],
        ["sh", "-c", "sed s/wait/go/ p.csv > t; cat t > p.csv; rm t"],
        ["sh", "-c", "sed s/wait/go/ p.csv > t; cp t p.csv; mv t p.csv"],
    ],
    ids=["sed", "perl", "vim", "vim-backup", "ed", "cat", "mv"],
)
def test_a_real_program_is_seen(tmp_path: Path, command: list[str]) -> None:
    """What real programs save is read at once, and a write of ours is no hindrance."""
    if shutil.which(command[0]) is None or ("ed -s" in command[-1] and not shutil.which("ed")):
        pytest.skip(f"{command[0]} is not installed")
    path = tmp_path / "p.csv"
    path.write_text(BEFORE)
    source = CsvFile(path)
    edits = edits_of(source.read(), "b", status="Queued")
    source.write(edits)

    subprocess.run(command, cwd=tmp_path, check=True, timeout=20, stdin=subprocess.DEVNULL)

    assert cells_of(source.read(), "Next Action") == ["do", "go"]
    assert cells_of(source.read(), "Status") == ["", "Queued"]
    source.close()
    assert list(tmp_path.iterdir()) == [path]


def test_an_appended_line_is_a_new_row(tmp_path: Path) -> None:
    """`echo >>` adds a project, before and after our own writes."""
    path = tmp_path / "p.csv"
    path.write_text(BEFORE)
    source = CsvFile(path)
    for name in ("c", "d"):
        subprocess.run(["sh", "-c", f"echo {name},3 >> p.csv"], cwd=tmp_path, check=True)
        source.write(edits_of(source.read(), name, status="Queued"))

    assert path.read_text() == f"{BEFORE}c,3,Queued\nd,3,Queued\n"


def test_a_checkout_and_a_conflict_of_git(tmp_path: Path) -> None:
    """What git checks out is read; what it could not merge is refused, and heals."""

    def git(*arguments: str) -> int:
        author = ["-c", "user.name=me", "-c", "user.email=me@localhost"]
        return subprocess.run(
            ["git", *author, *arguments], cwd=tmp_path, check=False, capture_output=True
        ).returncode

    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    path = tmp_path / "p.csv"
    path.write_text(BEFORE)
    source = CsvFile(path)
    git("init", "-b", "main")
    git("add", "p.csv")
    assert git("commit", "-m", "one") == 0
    git("checkout", "-b", "other")
    path.write_text(AFTER)
    git("commit", "-am", "two")
    git("checkout", "main")
    assert cells_of(source.read(), "Next Action") == ["do", "wait"]
    path.write_text(BEFORE.replace("wait", "stop"))
    git("commit", "-am", "three")

    assert git("merge", "other") != 0
    with pytest.raises(Exception, match="line 3: an unresolved merge conflict"):
        source.read()
    git("checkout", "--theirs", "p.csv")
    assert cells_of(source.read(), "Next Action") == ["do", "go"]
