"""An editor that saves between any two lines of a write loses nothing; nor does a kill there."""

import os
import random
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from controller import leases
from controller.sources import (
    csv_file,
    exchange,
    file_swap,
    file_write,
    retired,
)
from controller.sources.csv_file import CsvFile
from tests.sources.benches import cells_of
from tests.sources.hostile import BEFORE, WAYS, Editor, at_lines, let_go_soon, settled, write

WRITE = (csv_file, exchange, file_swap, file_write, leases, retired)
SWAP = (file_swap, exchange)
Save = tuple[str, str, str]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list with three rows; retired files are let go soon."""
    let_go_soon(monkeypatch)
    path = tmp_path / "p.csv"
    path.write_text(BEFORE)
    return path


def lines_of_a_write(path: Path, modules: Sequence[ModuleType]) -> int:
    """How many lines an undisturbed write runs."""
    source = CsvFile(path)
    with at_lines(modules, {}) as count:
        write(source)
    source.close()
    path.write_text(BEFORE)
    return count[0]


def survives(
    path: Path, editor: Editor, modules: Sequence[ModuleType], saves: dict[int, Save]
) -> None:
    """Save at these lines of a write; every edit must be in the list in the end, once."""
    path.write_text(BEFORE)
    source = CsvFile(path)
    done: list[str] = []

    def save(way: str, old: str, new: str) -> None:
        done.append(new)
        editor.save(way, old, new)

    places = {place: partial(save, *arguments) for place, arguments in saves.items()}
    with at_lines(modules, places):
        write(source)
    assert editor.wait(10)
    settled(source, path, lambda: all(new in path.read_text() for new in done))
    text = path.read_text()
    for row in ("\na,1,", "\nb,2,", "\nc,3,", *(f"\n{new},7" for new in done)):
        assert text.count(row) <= 1, text


@pytest.mark.parametrize("way", ["in place", "rename"])
def test_a_save_at_the_exchange_survives(path: Path, editor: Editor, way: str) -> None:
    """Around the very exchange no save is lost."""
    for place in range(0, lines_of_a_write(path, SWAP), 2):
        survives(path, editor, SWAP, {place: (way, "wait", "go")})


def test_half_of_a_late_save_is_not_brought_back(path: Path) -> None:
    """A program that had the list open before our write, and stalls in a line, is waited for."""
    after = BEFORE.replace("rest", "go")
    half = after.index(",wait")
    source = CsvFile(path)
    with path.open("r+b", buffering=0) as file:
        write(source)
        file.truncate()
        file.write(after[:half].encode())
        until = time.monotonic() + 1
        while time.monotonic() < until:
            assert cells_of(source.read(), "Next Action") == ["do", "wait", "rest"]
        file.write(after[half:].encode())
    settled(source, path, lambda: path.read_text() == after)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
def test_a_save_at_any_line_survives(path: Path, editor: Editor, way: str) -> None:
    """Before each single line of a write a save survives, in whatever way it is done."""
    for place in range(lines_of_a_write(path, WRITE)):
        survives(path, editor, WRITE, {place: (way, "wait", "go")})


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_saves_around_the_exchange_survive(path: Path, editor: Editor) -> None:
    """Of two saves in one write, the second made of what the first left or of ours, both stay."""
    size = lines_of_a_write(path, SWAP)
    dice = random.Random(11)
    for _ in range(300):
        # What follows a save that was noticed runs more lines than an undisturbed write.
        one, other = sorted(dice.sample(range(size + 20), 2))
        first, second = dice.choices(WAYS, k=2)
        saves = {one: (first, "do", "first"), other: (second, "rest", "second")}
        survives(path, editor, SWAP, saves)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_save_that_somebody_overlooked_survives(path: Path, editor: Editor) -> None:
    """Who reads our version in the moment before it is taken back, and saves later, undoes none."""
    glimpses = 0
    for place in range(lines_of_a_write(path, SWAP)):
        for later in (1, 3, 6, 9):
            path.write_text(BEFORE)
            source = CsvFile(path)
            seen: list[str] = []
            places = {
                place: partial(editor.save, "rename", "wait", "go"),
                place + later: partial(glimpse, path, seen),
            }
            with at_lines(SWAP, places):
                write(source)
            source.read()
            if not seen:
                continue
            glimpses += "Queued" in seen[0] and "go" not in seen[0]
            path.with_name("t").write_text(seen[0].replace("rest", "sleep"))
            path.with_name("t").replace(path)
            settled(source, path, lambda: "sleep" in path.read_text())
            if "Queued" in seen[0]:
                assert "go" in path.read_text()
    assert glimpses


def glimpse(path: Path, seen: list[str]) -> None:
    """Read the list as it is at this moment."""
    seen.append(path.read_text())


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["", "in place", "rename", "vim"])
def test_a_kill_at_any_line_loses_nothing(
    path: Path, editor: Editor, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A controller that is killed, right after a save, leaves all to find for the next one."""
    monkeypatch.setattr(retired, "_DRAFT_S", 0.0)
    monkeypatch.setattr(retired, "_SCAN_S", 0.02)
    for place in range(lines_of_a_write(path, WRITE)):
        path.write_text(BEFORE)
        child = os.fork()
        if child == 0:
            with at_lines(WRITE, {place: lambda: os.kill(os.getpid(), signal.SIGSTOP)}):
                write(CsvFile(path))
            os._exit(1)
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFEXITED(status):
            break  # a write may be a line shorter than another
        if way:
            editor.save(way, "wait", "go")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert editor.wait(10)
        settled(CsvFile(path), path, lambda: not way or "go" in path.read_text())
        assert [text.split(",")[0] for text in path.read_text().splitlines()[1:]] == ["a", "b", "c"]
    assert place > 100
