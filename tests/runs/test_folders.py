"""The runs' folders: made whole, read as they are, found again by the next controller."""

import errno
import json
import os
import shutil
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.core.exits import Cause
from controller.core.observed import ReportState, StopRequest, Words
from controller.runs.folders import RunFolders, RunsUnavailable
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from controller.shim.spec import parse_environment, parse_spec
from tests.runs.conftest import SPEC, Bench, now


def mode(path: Path) -> int:
    """A file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


class TestCreate:
    """A new run."""

    def test_all_is_there(self, bench: Bench) -> None:
        """The folder holds what the contract says, and the shim understands it."""
        spec = Spec(("prog", "-x", "ü\n"), "/w", "headless", "prompt", 2.5, 1000, 3)
        run = bench.make(spec=spec, KEY="söcret", B="2")
        folder = bench.root / run

        assert {"spec.json", "env", "prompt", "meta.json", ".reserve"} == {
            p.name for p in folder.iterdir()
        }
        told = parse_spec((folder / "spec.json").read_bytes())
        assert run.encode() == told.run
        assert [b"prog", b"-x", "ü\n".encode()] == told.argv
        assert (told.folder, told.headless, told.stdin, told.grace) == (b"/w", True, "prompt", 2.5)
        assert (told.log_bytes, told.log_files) == (1000, 3)
        assert {b"KEY": "söcret".encode(), b"B": b"2"} == parse_environment(
            (folder / "env").read_bytes()
        )
        assert (folder / "prompt").read_text() == "the prompt"

    def test_secrets_stay_in_env(self, bench: Bench) -> None:
        """A variable's value stands in `env` alone."""
        folder = bench.root / bench.make(KEY="hush")
        holders = [path.name for path in folder.iterdir() if b"hush" in path.read_bytes()]
        assert holders == ["env"]
        assert json.loads((folder / "spec.json").read_text())["environment"] == ["KEY"]

    @pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
    def test_modes(self, tmp_path: Path, umask: int) -> None:
        """Folders are the user's alone, 0700, and files 0600, whatever the umask."""
        before = os.umask(umask)
        try:
            bench = Bench(tmp_path / "runs")
            run = bench.make(KEY="x")
            bench.runs.request_stop(run, StopRequest("user", "Asked"), 1)
            bench.runs.sweep(run)
        finally:
            os.umask(before)
        folder = bench.root / run
        assert (mode(bench.root), mode(folder)) == (0o700, 0o700)
        assert {0o600} == {mode(path) for path in folder.iterdir()}
        assert {"stop", "exit.json"} <= {path.name for path in folder.iterdir()}

    def test_it_is_known_at_once(self, bench: Bench) -> None:
        """A run that was just made is there, without a start or an end."""
        run = bench.make()
        record = bench.runs.look()[run]
        assert (run, None, 0, None, None, None) == (
            record.id,
            record.started_at,
            record.pid,
            record.stop,
            record.reports.state,
            record.exit,
        )
        assert (run,) == bench.runs.unfinished() == tuple(bench.runs.look())

    def test_no_room(self, tmp_path: Path) -> None:
        """A root that cannot be written is told, and nothing is left of the run."""
        bench = Bench(tmp_path / "runs")
        bench.root.rmdir()
        bench.root.write_text("a file")
        with pytest.raises(RunsUnavailable) as caught:
            bench.make()
        assert caught.value.reason == "RunsUnavailable"
        assert str(bench.root) in caught.value.message
        assert bench.runs.look() == {}

    def test_a_folder_that_exists_is_not_harmed(self, bench: Bench) -> None:
        """An id that is taken is refused; the run that has it keeps its folder."""
        run = bench.make()
        meta = Meta("B", "b", "claude", "/work", Words("d"), now())
        with pytest.raises(RunsUnavailable):
            bench.runs.create(run, SPEC, meta, "another", {})
        assert (bench.root / run / "prompt").read_text() == "the prompt"

    def test_strange_texts(self, bench: Bench) -> None:
        """Lone surrogates, NULs and line ends in a prompt do no harm, nor do odd names."""
        run = bench.runs.new_id(now())
        meta = Meta("A\u202e$(é)", "a", "claude", "/work", Words("d"), now())
        bench.runs.create(run, SPEC, meta, "x\ud800\0\r\n", {})
        assert bench.reloaded().look()[run].meta.project == "A\u202e$(é)"


class TestIds:
    """Ids sort by the time of creation."""

    def test_monotone(self, bench: Bench) -> None:
        """Ids grow from call to call, also within a microsecond and when the clock jumps back."""
        start = now()
        times = [start, start, start - timedelta(days=365), start, datetime.fromtimestamp(0)]
        ids = [bench.runs.new_id(at.astimezone()) for at in times * 20]
        assert sorted(ids) == ids
        assert len(set(ids)) == len(ids)
        assert {(17, 6)} == {
            (len(head), len(tail)) for head, _, tail in (i.partition("-") for i in ids)
        }

    def test_after_a_restart(self, bench: Bench) -> None:
        """The next controller goes on behind the newest folder, whatever its clock says."""
        run = bench.make()
        bench.end(run)
        later = bench.reloaded().new_id(now() - timedelta(days=999))
        assert later > run

    def test_other_folders_do_not_count(self, bench: Bench) -> None:
        """Folders with other names are passed over."""
        for name in ("notes", "-", "123-x", "99999999999999999999-x", ".hidden"):
            (bench.root / name).mkdir()
        (bench.root / "99999999999999999-file").write_text("")
        bench.runs.load()
        assert bench.runs.new_id(now()).startswith("01")
        assert bench.runs.look() == {}

    def test_digits_of_other_scripts(self, bench: Bench) -> None:
        """Nor do digits that are no numbers stop the controller."""
        (bench.root / ("²" * 17 + "-x")).mkdir()
        bench.runs.load()


class TestLook:
    """What the folders say now."""

    def test_a_whole_life(self, bench: Bench) -> None:
        """Start, report and end are seen as soon as they are written."""
        run = bench.make()
        bench.put(run, "started.json", '{"version": 1, "pid": 42, "at": 1700000000.5}')
        record = bench.runs.look()[run]
        assert (
            record.pid,
            record.started_at.timestamp() if record.started_at else 0,
        ) == (42, 1_700_000_000.5)

        line = '{"at": 1700000001, "type": "report", "state": "%s", "message": "%s"}\n'
        bench.put(run, "events.jsonl", line % ("waiting", "A or B?"))
        report = bench.runs.look()[run].reports.state
        assert report
        assert (report.state, report.message) == (ReportState.WAITING, "A or B?")
        with (bench.root / run / "events.jsonl").open("a") as file:
            file.write(line % ("progress", "half") + line % ("working", "on"))
        report = bench.runs.look()[run].reports.state
        assert report
        assert report.state == ReportState.WORKING

        bench.end(
            run,
            '{"cause": "stop", "status": 3, "signal": null, "ended_at": 1700000010.5, '
            '"stop": {"by": "user", "reason": "UserPause"}, "leftovers": 2, "tail": ["a", "b"]}',
        )
        end = bench.runs.look()[run].exit
        assert end
        assert (
            end.cause, end.status, end.signal, end.leftovers, end.tail,
        ) == (Cause.STOP, 3, None, 2, ("a", "b"))  # fmt: skip
        assert StopRequest("user", "UserPause") == end.stop
        assert end.seconds == 10.0
        assert bench.runs.unfinished() == ()
        assert bench.runs.look() == bench.reloaded().look()

    def test_what_is_final_stays(self, bench: Bench) -> None:
        """Once the end was read, the folder is not looked at any more."""
        run = bench.make()
        bench.end(run)
        before = bench.runs.look()
        bench.end(run, '{"cause": "lost"}')
        assert before == bench.runs.look()

    def test_lost_words(self, bench: Bench) -> None:
        """A report is found among its last 64 KB, behind a line that is cut or broken."""
        run = bench.make()
        line = b'{"at": 1, "type": "report", "state": "blocked", "message": "x"}\n'
        bench.put(run, "events.jsonl", b"x" * 100_000 + b"\n" + line + b'{"at": 2, "type": "rep')
        report = bench.runs.look()[run].reports.state
        assert report
        assert report.state == ReportState.BLOCKED

    def test_much_progress(self, bench: Bench) -> None:
        """Lines of progress, however many, do not take back the word before them."""
        run = bench.make()
        line = '{"at": 1, "type": "report", "state": "%s", "message": "%s"}\n'
        bench.put(run, "events.jsonl", line % ("waiting", "A or B?"))
        assert bench.runs.look()[run].reports.state
        with (bench.root / run / "events.jsonl").open("a") as file:
            file.write((line % ("progress", "x" * 1000)) * 100)
        assert bench.runs.look()[run].reports.state

    def test_only_what_matters_is_kept(self, bench: Bench) -> None:
        """Unfinished runs and each project's newest are known; older ones are not looked at."""
        old = bench.make("A")
        bench.end(old)
        newest = bench.make("A")
        bench.end(newest)
        other = bench.make("B")
        running = bench.make("B")
        for runs in (bench.runs, bench.reloaded()):
            runs.look()
            runs.create(
                runs.new_id(now()), SPEC, Meta("C", "c", "x", "/", Words("d"), now()), "", {}
            )
            assert {newest, other, running} <= set(runs.look())
            assert old not in runs.look()

    def test_a_folder_that_is_no_run(self, bench: Bench) -> None:
        """A folder without the controller's notes is none of its runs."""
        run = bench.make()
        (bench.root / run / "meta.json").unlink()
        assert bench.reloaded().look() == {}

    def test_a_folder_that_is_gone_before_it_told_of_a_start(self, bench: Bench) -> None:
        """Nothing can be heard of that run: it is forgotten, as the next controller would."""
        run, kept = bench.make("A"), bench.make("B")
        assert {run, kept} == set(bench.runs.look())
        (bench.root / run).rename(bench.root / "moved")
        assert {kept} == set(bench.runs.look()) == set(bench.reloaded().look())

        (bench.root / "moved").rename(bench.root / run)
        assert bench.runs.learn(run)
        assert {run, kept} == set(bench.runs.look())

    def test_a_folder_that_is_gone_after_its_start(self, bench: Bench) -> None:
        """What it told stands."""
        run = bench.make()
        bench.put(run, "started.json", '{"version": 1, "pid": 42, "at": 1700000000.5}')
        before = bench.runs.look()
        shutil.rmtree(bench.root / run)
        assert bench.runs.look() == before

    def test_a_folder_that_cannot_be_looked_at(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Could not read is never gone."""
        run = bench.make()

        def fail(_: Path) -> os.stat_result:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as broken:
            broken.setattr(Path, "lstat", fail)
            assert run in bench.runs.look()
        assert run in bench.runs.look()

    def test_the_root_is_a_file(self, tmp_path: Path) -> None:
        """A root that is no folder is told."""
        (tmp_path / "runs").write_text("")
        with pytest.raises(RunsUnavailable, match="runs"):
            RunFolders(tmp_path / "runs").load()


class TestStop:
    """Asking a run to end."""

    def test_request(self, bench: Bench) -> None:
        """The request is a file that the next controller sees too."""
        run = bench.make()
        bench.runs.request_stop(run, StopRequest("user", "UserPause", "as its Status asks"), 2.5)

        assert json.loads((bench.root / run / "stop").read_text()) == {
            "by": "user", "reason": "UserPause", "message": "as its Status asks", "grace": 2.5,
        }  # fmt: skip
        for runs in (bench.runs, bench.reloaded()):
            assert StopRequest("user", "UserPause", "as its Status asks") == runs.look()[run].stop

    def test_the_first_request_stands(self, bench: Bench) -> None:
        """A second request changes nothing."""
        run = bench.make()
        first = StopRequest("user", "UserPause")
        bench.runs.request_stop(run, first, 1)
        bench.runs.request_stop(run, StopRequest("controller", "Preempted"), 1)
        assert json.loads((bench.root / run / "stop").read_text())["reason"] == "UserPause"
        assert first == bench.runs.look()[run].stop

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"by": 5, "reason": ""}'])
    def test_a_request_by_hand(self, bench: Bench, content: bytes) -> None:
        """`touch stop` is a request, the user's."""
        run = bench.make()
        bench.put(run, "stop", content)
        assert StopRequest("user", "Stopped") == bench.reloaded().look()[run].stop

    def test_no_room(self, bench: Bench) -> None:
        """A request that cannot be written is told, and not remembered."""
        run = bench.make()
        (bench.root / run / ".stop.new").mkdir()
        with pytest.raises(RunsUnavailable):
            bench.runs.request_stop(run, StopRequest("user", "x"), 1)
        assert bench.runs.look()[run].stop is None


class TestRest:
    """Renaming and discarding."""

    def test_rename(self, bench: Bench) -> None:
        """The runs of a renamed row bear its new name, also for the next controller."""
        mine, other = bench.make("A"), bench.make("B")
        bench.runs.rename("A", "Ä new")
        for runs in (bench.runs, bench.reloaded()):
            records = runs.look()
            assert (records[mine].meta.project, records[other].meta.project) == ("Ä new", "B")
            assert records[mine].meta.conversation == "conversation"

    def test_rename_fails(self, bench: Bench) -> None:
        """A name that cannot be written is told."""
        run = bench.make("A")
        (bench.root / run / ".meta.json.new").mkdir()
        with pytest.raises(RunsUnavailable):
            bench.runs.rename("A", "B")

    def test_discard(self, bench: Bench) -> None:
        """A run that never had a session leaves nothing; twice is no fault."""
        run, kept = bench.make("A"), bench.make("B")
        bench.runs.discard(run)
        bench.runs.discard(run)
        assert [kept] == [path.name for path in bench.root.iterdir()]
        assert (kept,) == tuple(bench.runs.look())


class TestSecrets:
    """`env` is there only as long as somebody may come to read it."""

    def test_a_run_that_is_lost(self, bench: Bench) -> None:
        """Nobody will read it any more."""
        run = bench.make(KEY="secret")
        assert (bench.root / run / "env").exists()
        bench.runs.sweep(run)
        assert not (bench.root / run / "env").exists()

    def test_a_run_that_was_never_whole(self, bench: Bench) -> None:
        """A controller that was killed while it made the folder leaves no secret behind."""
        run = bench.make(KEY="secret")
        (bench.root / run / "meta.json").unlink()
        bench.reloaded()
        assert not (bench.root / run / "env").exists()

    def test_a_run_that_is_about_to_begin(self, bench: Bench) -> None:
        """A restart of the controller does not take it away from its shim."""
        run = bench.make(KEY="secret")
        bench.reloaded()
        assert (bench.root / run / "env").exists()

    def test_a_link_in_the_place_of_a_record(self, bench: Bench, tmp_path: Path) -> None:
        """What an agent links into its folder is no record of its run's end."""
        run = bench.make()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_text('{"version": 1, "cause": "exit", "status": 0}')
        (bench.root / run / "exit.json").symlink_to(elsewhere)
        assert bench.reloaded().look()[run].exit is None


def test_the_folder_of_all_runs_is_made_again(tmp_path: Path) -> None:
    """Somebody cleared it away while the controller runs: the next start is none the worse."""
    bench = Bench(tmp_path / "runs")
    bench.root.rmdir()

    assert (bench.root / bench.make() / "spec.json").exists()


def test_a_folder_in_the_place_of_a_temporary_file_moves_nothing(bench: Bench) -> None:
    """What is there of the record itself stays where it is."""
    run = bench.make("A")
    (bench.root / run / ".meta.json.new").mkdir()
    with pytest.raises(RunsUnavailable):
        bench.runs.rename("A", "B")
    assert bench.reloaded().look()[run].meta.project == "A"
