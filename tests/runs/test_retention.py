"""Old runs are cleared away by age and by size, and never those that are kept."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.runs.retention import prune
from tests.runs.conftest import Bench, now

NOW = now()
DAY = 86_400.0


def ended(root: Path, name: str, days: float, size: int) -> None:
    """A run that ended so many days ago and takes about so many bytes."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "exit.json").write_text(
        '{"cause": "exit", "status": 0, "ended_at": %r}' % (NOW.timestamp() - days * DAY)
    )
    (folder / "output.log").write_bytes(b"x" * size)


def left(root: Path) -> set[str]:
    """Names of the folders that are left."""
    return {path.name for path in root.iterdir()}


def test_by_age(tmp_path: Path) -> None:
    """What ended longer ago than the limit goes."""
    for name, days in (("a", 31), ("b", 30.5), ("c", 29.5), ("d", 0)):
        ended(tmp_path, name, days, 10)
    assert sum(prune(tmp_path, frozenset(), NOW, 30, 10**9)) == 2
    assert {"c", "d"} == left(tmp_path)


def test_by_size(tmp_path: Path) -> None:
    """Those that began first go until the rest fits."""
    for name, days in (("a", 3), ("b", 1), ("c", 2)):
        ended(tmp_path, name, days, 1000)
    assert sum(prune(tmp_path, frozenset(), NOW, 30, 2500)) == 1
    assert {"b", "c"} == left(tmp_path)


def test_kept(tmp_path: Path) -> None:
    """What is kept stays, whatever its age and size, and does not count."""
    ended(tmp_path, "old", 99, 10)
    ended(tmp_path, "big", 50, 10_000)
    ended(tmp_path, "fits", 1, 1000)
    assert sum(prune(tmp_path, {"old", "big"}, NOW, 30, 1500)) == 0
    assert {"old", "big", "fits"} == left(tmp_path)


def test_unfinished_and_strange_folders_stay(tmp_path: Path) -> None:
    """What did not end, is no folder, or is a link to one elsewhere, is not touched."""
    (tmp_path / "runs" / "running").mkdir(parents=True)
    (tmp_path / "runs" / "note.txt").write_text("x")
    ended(tmp_path, "elsewhere", 99, 10)
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "elsewhere")
    assert sum(prune(tmp_path / "runs", frozenset(), NOW, 1, 1)) == 0
    assert {"running", "note.txt", "link"} == left(tmp_path / "runs")
    assert (tmp_path / "elsewhere" / "exit.json").exists()


def test_a_broken_record_ages_by_its_file(tmp_path: Path) -> None:
    """A run whose end cannot be read is as old as that file."""
    ended(tmp_path, "broken", 0, 10)
    record = tmp_path / "broken" / "exit.json"
    record.write_text("{")
    old = (NOW - timedelta(days=40)).timestamp()
    assert sum(prune(tmp_path, frozenset(), NOW, 30, 10**9)) == 0
    os.utime(record, (old, old))
    assert sum(prune(tmp_path, frozenset(), NOW, 30, 10**9)) == 1


def test_runs_that_matter(bench: Bench) -> None:
    """With what the folders call known, a project's newest run and what runs always stay."""
    first, second = bench.make("A"), bench.make("A")
    running = bench.make("B")
    for run in (first, second):
        bench.end(run, '{"cause": "exit", "status": 0, "ended_at": 1}')
    runs = bench.reloaded()
    assert sum(prune(bench.root, frozenset(runs.look()), NOW, 30, 1)) == 1
    assert {second, running} == left(bench.root)


@given(
    st.lists(st.tuples(st.floats(-5, 60), st.integers(0, 3000)), max_size=5),
    st.sets(st.integers(0, 4)),
    st.integers(0, 6000),
)
@settings(deadline=None)
def test_any_runs(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[tuple[float, int]], keep: set[int], limit: int,
) -> None:  # fmt: skip
    """What is kept stays; of the rest none is too old, and together it is within the limit."""
    root = tmp_path_factory.mktemp("runs")
    for number, (days, size) in enumerate(runs):
        ended(root, str(number), days, size)
    kept = {str(number) for number in keep}
    before = left(root)

    cleared = sum(prune(root, kept, NOW, 30, limit))

    rest = left(root)
    assert before & kept <= rest
    assert cleared == len(before) - len(rest)
    free = rest - kept
    assert all(runs[int(name)][0] <= 30 for name in free)
    sizes = sum(path.stat().st_size for name in free for path in (root / name).iterdir())
    assert sizes <= limit
    assert sum(prune(root, kept, NOW, 30, limit)) == 0
    shutil.rmtree(root)


@pytest.mark.parametrize("fault", ["root gone", "hostile record"])
def test_no_fault_ends_the_controller(bench: Bench, fault: str) -> None:
    """Runs that cannot be cleared away are left; clearing away never raises."""
    run = bench.make()
    bench.end(run, '{"cause": []}')
    if fault == "root gone":
        shutil.rmtree(bench.root)
    assert sum(prune(bench.root, frozenset(), NOW, 30, 10**9)) == 0


def test_folders_in_a_folder_count(tmp_path: Path) -> None:
    """What an agent put into a folder of its run's folder counts."""
    ended(tmp_path, "a", 1, 10)
    (tmp_path / "a" / "inner").mkdir()
    (tmp_path / "a" / "inner" / "big").write_bytes(b"x" * 100_000)
    assert sum(prune(tmp_path, frozenset(), NOW, 30, 50_000)) == 1


def test_what_matters_may_change_between_two_steps(tmp_path: Path) -> None:
    """A run that is kept from now on is not cleared away by a pass that began before."""
    for name in ("a", "b", "c"):
        ended(tmp_path, name, 99, 10)
    keep: set[str] = set()
    steps = prune(tmp_path, keep, NOW, 30, 10**9)
    assert next(steps)
    keep.add("b")
    assert list(steps) == [False, True]
    assert {"b"} == left(tmp_path)


def test_a_step_looks_at_one_folder(tmp_path: Path) -> None:
    """So that whoever takes the steps can stop between any two of them."""
    for number in range(20):
        ended(tmp_path, f"{number:02d}", 99, 10)
    steps = prune(tmp_path, frozenset(), NOW, 30, 10**9)
    assert [next(steps) for _ in range(3)] == [True] * 3
    assert len(left(tmp_path)) == 17
    steps.close()  # type: ignore[attr-defined]
    assert len(left(tmp_path)) == 17


def half_made(root: Path, name: str, seconds: float) -> Path:
    """A folder whose maker was killed so long ago, before its notes were written."""
    folder = root / name
    folder.mkdir()
    (folder / "env").write_text('{"TOKEN": "secret"}')
    (folder / "meta.json").touch()
    then = NOW.timestamp() - seconds
    os.utime(folder, (then, then))
    return folder


def test_a_half_made_folder(tmp_path: Path) -> None:
    """It holds secrets and is no run: it goes after a minute, be its notes missing or empty."""
    for number, seconds in ((1, 61), (2, 61), (3, 30)):
        half_made(tmp_path, f"{number:017d}-abcdef", seconds)
    (tmp_path / f"{1:017d}-abcdef" / "meta.json").unlink()
    os.utime(tmp_path / f"{1:017d}-abcdef", (NOW.timestamp() - 61,) * 2)
    half_made(tmp_path, "my own notes", 1e6)
    begun = half_made(tmp_path, f"{4:017d}-abcdef", 61)
    (begun / "started.json").touch()

    list(prune(tmp_path, frozenset(), NOW, 30, 10**9))

    assert left(tmp_path) == {f"{3:017d}-abcdef", f"{4:017d}-abcdef", "my own notes"}


def test_a_death_while_a_run_is_cleared_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is no run that goes on for ever."""
    run = bench.make()
    bench.end(run, '{"cause": "exit", "status": 0, "ended_at": 1}')
    monkeypatch.setattr(
        shutil, "rmtree", lambda *_, **__: (bench.root / run / "exit.json").unlink()
    )
    list(prune(bench.root, frozenset(), NOW, 30, 10**9))

    assert bench.reloaded().unfinished() == ()
