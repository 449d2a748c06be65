"""Wakes: an edit ends the wait at once, nothing else does, and no wait is a busy loop."""

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from inotify_simple import INotify

import controller.wakes
from controller.wakes import Wakes

LONG = 10.0
SHORT = 0.25
BLIND = 60.0
"""A look at the file so rarely that only inotify can have woken."""
Make = Callable[..., Wakes]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make wakes that are closed with the test, once nothing is left of what made their world."""
    made: list[Wakes] = []

    def build(
        file: Path | None,
        *folders: tuple[Path, frozenset[str]],
        interval: float = BLIND,
        gone: frozenset[str] = frozenset(),
    ) -> Wakes:
        made.append(Wakes(file, folders, interval, gone))
        made[-1].wait(0.01)
        return made[-1]

    yield build
    for wakes in made:
        wakes.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The list, in a folder of its own."""
    folder = tmp_path / "desired"
    folder.mkdir()
    (folder / "list.csv").write_text("Project\n")
    return folder / "list.csv"


def waited(wakes: Wakes, seconds: float) -> float:
    """How long a wait took."""
    began = time.monotonic()
    wakes.wait(seconds)
    return time.monotonic() - began


def woken(wakes: Wakes) -> bool:
    """Whether a long wait ends early."""
    return waited(wakes, LONG) < LONG / 2


def calm(wakes: Wakes) -> bool:
    """Whether a short wait lasts to its end."""
    return waited(wakes, SHORT) >= SHORT


def settle(wakes: Wakes) -> None:
    """Wait until what has happened is used up."""
    for _ in range(20):
        if calm(wakes):
            return
    raise AssertionError("it wakes again and again")


def replaced(file: Path) -> None:
    """Save as most editors do: another file, then its name."""
    temporary = file.with_name(".list.csv.swp")
    temporary.write_text("Project\nA\n")
    temporary.replace(file)


def in_place(file: Path) -> None:
    """Save as the simple ones do."""
    file.write_text("Project\nB\n")


def appended(file: Path) -> None:
    """Append a row, as a shell does."""
    with file.open("a") as stream:
        stream.write("C\n")


def removed(file: Path) -> None:
    """Remove it."""
    file.unlink()


EDITS = (replaced, in_place, appended, removed)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_wakes_at_once(make: Make, file: Path, edit: Callable[[Path], None]) -> None:
    """However the list is saved, the wait ends within a moment, by the system's word alone."""
    wakes = make(file)
    editor = threading.Timer(0.05, edit, [file])
    editor.start()
    assert waited(wakes, LONG) < 1
    editor.join()


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_before_the_wait(make: Make, file: Path, edit: Callable[[Path], None]) -> None:
    """What happened between two waits ends the next one."""
    wakes = make(file)
    edit(file)
    assert woken(wakes)
    settle(wakes)


def test_created_later(make: Make, file: Path) -> None:
    """A list that is not there yet wakes when it comes."""
    file.unlink()
    wakes = make(file)
    file.write_text("Project\n")
    assert woken(wakes)


def test_other_files_do_not_wake(make: Make, file: Path) -> None:
    """Locks, swap files and other lists in the folder are no news."""
    wakes = make(file)
    for name in (".list.csv.lock", "list.csv~", "other.csv", "list.csv.new"):
        (file.parent / name).write_text("x")
    assert calm(wakes)


def test_each_edit_wakes(make: Make, file: Path) -> None:
    """It is not the first edit only."""
    wakes = make(file)
    for edit in (replaced, in_place, appended, replaced, removed, in_place):
        edit(file)
        assert woken(wakes)
        settle(wakes)


def test_an_editor_that_closes_the_list_wakes(make: Make, file: Path) -> None:
    """Its lock says nothing when it comes or changes, and that writes may go on when it goes."""
    lock = file.with_name(".list.csv.swp")
    wakes = make(file, gone=frozenset({lock.name}))
    lock.write_text("x")
    lock.write_text("y")
    assert calm(wakes)
    lock.unlink()
    assert woken(wakes)


class TestLinks:
    """A list that is a link to one elsewhere."""

    @pytest.fixture
    def real(self, file: Path, tmp_path: Path) -> Path:
        """The file that `file` is a link to."""
        folder = tmp_path / "real"
        folder.mkdir()
        real = folder / "sheet.csv"
        real.write_text("Project\n")
        file.unlink()
        file.symlink_to(real)
        return real

    @pytest.mark.parametrize("edit", EDITS)
    def test_target(self, make: Make, file: Path, real: Path, edit: Callable[[Path], None]) -> None:
        """An edit of the file that the link means wakes."""
        wakes = make(file)
        edit(real)
        assert woken(wakes)

    def test_link(self, make: Make, file: Path, real: Path) -> None:
        """So does a link that means another file now, and later edits of that one."""
        wakes = make(file, interval=0.05)
        other = real.with_name("other.csv")
        other.write_text("Project\nA\n")
        link = file.with_name("link")
        link.symlink_to(other)
        link.replace(file)
        assert woken(wakes)
        settle(wakes)
        in_place(other)
        assert woken(wakes)


class TestPoll:
    """Where the system says nothing, the file is looked at."""

    def test_folder_removed_and_made_again(self, make: Make, file: Path) -> None:
        """The list is seen again in a folder that was removed and made anew."""
        wakes = make(file, interval=0.05)
        shutil.rmtree(file.parent)
        assert woken(wakes)
        settle(wakes)
        file.parent.mkdir()
        assert calm(wakes)
        file.write_text("Project\nA\n")
        assert woken(wakes)
        settle(wakes)
        in_place(file)
        assert woken(wakes)

    def test_folder_made_later(self, make: Make, tmp_path: Path) -> None:
        """A folder that is not there at first is no fault."""
        file = tmp_path / "later" / "list.csv"
        wakes = make(file, interval=0.05)
        assert calm(wakes)
        file.parent.mkdir()
        file.write_text("Project\n")
        assert woken(wakes)

    def test_folder_renamed_away(self, make: Make, file: Path) -> None:
        """A folder that another takes the place of, as a checkout does, is looked into."""
        wakes = make(file, interval=0.05)
        file.parent.rename(file.parent.with_name("old"))
        file.parent.mkdir()
        file.write_text("Project\nnew\n")
        assert woken(wakes)

    def test_a_folder_that_came_again_is_watched(self, make: Make, file: Path) -> None:
        """Once the new folder was seen, the next edit wakes by the system's word, not by a look."""
        wakes = make(file, interval=0.05)
        file.parent.rename(file.parent.with_name("old"))
        file.parent.mkdir()
        file.write_text("Project\nnew\n")
        settle(wakes)
        wakes._interval = BLIND
        in_place(file)
        assert woken(wakes)
        settle(wakes)
        in_place(file.parent.with_name("old") / file.name)
        assert calm(wakes)

    @pytest.fixture
    def blind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A system without inotify."""

        def refuse(**_: object) -> None:
            raise OSError(24, "Too many open files")

        monkeypatch.setattr(controller.wakes, "INotify", refuse)

    @pytest.mark.parametrize("edit", EDITS)
    def test_without_inotify(
        self, make: Make, file: Path, blind: None, edit: Callable[[Path], None]
    ) -> None:
        """An edit wakes by the next look at the file."""
        wakes = make(file, interval=0.02)
        editor = threading.Timer(0.05, edit, [file])
        editor.start()
        assert waited(wakes, LONG) < 0.9
        editor.join()

    def test_runs_without_inotify(
        self, make: Make, tmp_path: Path, blind: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Runs' folders are looked at by more ticks: no wait is longer than a second."""
        assert controller.wakes._BLIND_SECONDS == 1.0
        monkeypatch.setattr(controller.wakes, "_BLIND_SECONDS", 0.1)
        wakes = make(None)
        wakes.watch_run(tmp_path)
        wakes.keep_runs(frozenset({tmp_path}))
        wakes.keep_runs(frozenset())
        assert 0.1 <= waited(wakes, LONG) < 1

    def test_too_many_watches(
        self, make: Make, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the system has no watch left, the file is looked at."""

        class Full(INotify):  # type: ignore[misc]
            def add_watch(self, *_: object) -> int:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(controller.wakes, "INotify", Full)
        wakes = make(file, interval=0.02)
        in_place(file)
        assert woken(wakes)


class TestRuns:
    """Words in the runs' folders."""

    @pytest.fixture
    def run(self, tmp_path: Path) -> Path:
        """A run's folder."""
        run = tmp_path / "runs" / "r1"
        run.mkdir(parents=True)
        return run

    @pytest.mark.parametrize("name", ["started.json", "exit.json", "events.jsonl"])
    @pytest.mark.parametrize("whole", [True, False])
    def test_a_word_wakes(self, make: Make, run: Path, name: str, whole: bool) -> None:
        """Start, report and end wake, renamed into place or appended."""
        wakes = make(None)
        wakes.watch_run(run)
        if whole:
            (run / "temporary").write_text("{}")
            assert calm(wakes)
            (run / "temporary").rename(run / name)
        else:
            with (run / name).open("a") as file:
                file.write("{}\n")
        assert woken(wakes)
        assert calm(wakes)

    def test_hooks_wake_once_a_second(self, make: Make, run: Path) -> None:
        """The first event wakes at once; those that follow are taken together."""
        wakes = make(None)
        wakes.watch_run(run)

        def hook() -> None:
            with (run / "stream.jsonl").open("a") as file:
                file.write("{}\n")

        hook()
        began = time.monotonic()
        assert woken(wakes)
        for _ in range(3):
            hook()
        assert woken(wakes)
        assert time.monotonic() - began >= 0.9
        assert calm(wakes)

    def test_a_stream_does_not_wake(self, make: Make, run: Path) -> None:
        """What a shim writes line after line, with the file open all the time."""
        wakes = make(None)
        with (run / "stream.jsonl").open("a", buffering=1) as file:
            wakes.watch_run(run)
            for _ in range(20):
                file.write("{}\n")
            assert calm(wakes)

    def test_output_does_not_wake(self, make: Make, run: Path) -> None:
        """What the agent prints, and the controller's own files, do not."""
        wakes = make(None)
        wakes.watch_run(run)
        for name in ("output.log", "output.log.1", "stop", "spec.json", "meta.json", "env"):
            for _ in range(20):
                with (run / name).open("a") as file:
                    file.write("x" * 100)
        (run / "env").unlink()
        (run / "output.log").rename(run / "output.log.2")
        assert calm(wakes)

    def test_only_the_runs_that_are_kept(self, make: Make, run: Path) -> None:
        """Runs that ended are not watched any more, and those that began are."""
        other = run.with_name("r2")
        other.mkdir()
        wakes = make(None)
        wakes.keep_runs(frozenset({run}))
        wakes.keep_runs(frozenset({other}))
        (run / "exit.json").write_text("{}")
        assert calm(wakes)
        (other / "exit.json").write_text("{}")
        assert woken(wakes)

    def test_folders_that_are_gone(self, make: Make, run: Path) -> None:
        """A run's folder that was cleared away, or never was, is no fault."""
        wakes = make(None)
        wakes.keep_runs(frozenset({run, run / "nowhere"}))
        shutil.rmtree(run)
        wakes.wait(0.01)
        wakes.keep_runs(frozenset())
        assert calm(wakes)

    def test_many_runs(self, make: Make, run: Path) -> None:
        """Each of many runs wakes."""
        folders = [run.with_name(f"m{number}") for number in range(100)]
        wakes = make(None)
        for folder in folders:
            folder.mkdir()
            wakes.watch_run(folder)
        for folder in (folders[0], folders[57], folders[99]):
            (folder / "exit.json").write_text("{}")
            assert woken(wakes)


def test_the_states_words(make: Make, tmp_path: Path) -> None:
    """The named files of a folder wake, its others do not."""
    wakes = make(None, (tmp_path, frozenset({"suspended.json"})))
    (tmp_path / "sidekick.db-wal").write_text("x")
    assert calm(wakes)
    (tmp_path / "suspended.json").write_text("{}")
    assert woken(wakes)
    settle(wakes)
    (tmp_path / "suspended.json").unlink()
    assert woken(wakes)


def test_the_list_beside_the_state(make: Make, file: Path) -> None:
    """One folder may hold both the list and the state."""
    wakes = make(file, (file.parent, frozenset({"suspended.json"})))
    (file.parent / "suspended.json").write_text("{}")
    assert woken(wakes)
    settle(wakes)
    in_place(file)
    assert woken(wakes)


def test_from_a_thread(make: Make) -> None:
    """Another thread ends the wait, or the next one."""
    wakes = make(None)
    thread = threading.Timer(0.05, wakes.wake)
    thread.start()
    assert waited(wakes, LONG) < 1
    thread.join()
    assert calm(wakes)
    wakes.wake()
    assert woken(wakes)


def test_many_wakes_are_one(make: Make) -> None:
    """However often it is woken, it never blocks, and comes to rest."""
    wakes = make(None)
    for _ in range(100_000):
        wakes.wake()
    for _ in range(100):
        wakes.wait(0.001)
    assert calm(wakes)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_wakes(make: Make, number: signal.Signals) -> None:
    """A signal that has a handler ends the wait."""
    seen: list[int] = []
    before = signal.signal(number, lambda got, _: seen.append(got))
    try:
        wakes = make(None)
        wakes.listen_to_signals()
        sender = threading.Timer(0.05, os.kill, [os.getpid(), number])
        sender.start()
        assert waited(wakes, LONG) < 1
        sender.join()
        assert [number] == seen
        assert calm(wakes)
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(number, before)


def test_no_busy_loop(make: Make, file: Path) -> None:
    """After an edit the waits come to rest, and an idle wait costs no CPU."""
    wakes = make(file, interval=0.1)
    replaced(file)
    ends, returns = time.monotonic() + 1, 0
    burnt = time.process_time()
    while time.monotonic() < ends:
        wakes.wait(0.3)
        returns += 1
    assert returns <= 7
    assert time.process_time() - burnt < 0.2


def test_a_ring_is_heard_and_ends_no_wait(make: Make, file: Path) -> None:
    """Whoever rang, before the wait or within it, is called for; the wait is as long as ever."""
    wakes = make(file, interval=0.05)
    heard = 0

    def rung() -> None:
        nonlocal heard
        heard += 1
        if heard == 1:
            wakes.ring()

    wakes.ring()
    began = time.monotonic()
    wakes.wait(SHORT, rung)
    assert time.monotonic() - began >= SHORT
    assert heard == 2
    assert calm(wakes)


def test_without_a_list(make: Make) -> None:
    """A list that is no file leaves the timer alone."""
    assert calm(make(None, interval=0.01))


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time(make: Make, file: Path, seconds: float) -> None:
    """A time that is over is not waited for."""
    assert waited(make(file), seconds) < 0.1


def descriptors() -> set[int]:
    """The descriptors that are open."""
    found = set()
    for number in range(512):
        with suppress(OSError):
            os.fstat(number)
            found.add(number)
    return found


def test_descriptors_are_given_back(file: Path) -> None:
    """Closing gives every descriptor back; none is inherited by programs that are started."""
    before = descriptors()
    wakes = Wakes(file, (), 1)
    opened = descriptors() - before
    assert Counter(map(os.get_inheritable, opened)) == {False: 4}
    wakes.close()
    assert before == descriptors()
