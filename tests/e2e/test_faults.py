"""Faults of the surroundings and of agents: each is a reason on its row."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.e2e.lab import SIDEKICK, Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'


def test_a_missing_program_is_a_reason_and_no_crash_loop(lab: Lab) -> None:
    """It is Queued, with what is missing; other rows go on."""
    lab.settle_in(
        "One,1,Pending,nope,,do it,,,,", f"Two,2,Pending,sh,,{WORKS},,,,",
        agents={"nope": {"command": ["no-such-program", "{prompt}"]},
                "sh": {"command": ["sh", "-c", "{prompt}"]}},
    )  # fmt: skip
    lab.start()
    row = lab.wait_reason("One", "ProgramMissing")
    assert row["Status"] == "Queued"
    assert "no-such-program" in row["Reason"]
    lab.wait_status("Two", "In Progress")


def test_a_missing_folder_is_a_reason(lab: Lab) -> None:
    """A folder that config.yaml names must exist; once it does, the project starts."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", projects={"One": "elsewhere"})
    lab.start()
    row = lab.wait_reason("One", "FolderMissing")
    assert row["Status"] == "Queued"
    assert str(lab.root / "elsewhere") in row["Reason"]
    (lab.root / "elsewhere").mkdir()
    lab.edit("One", Status="Pending")
    lab.wait_status("One", "In Progress")


def test_a_crash_waits_and_says_when_it_tries_again(lab: Lab) -> None:
    """Exit status and last line are on the row."""
    lab.settle_in('One,1,Pending,,,"echo went wrong; exit 3",,,,')
    lab.start()
    row = lab.wait_reason("One", "CrashBackoff")
    assert row["Status"] == "Queued"
    assert "exit status 3: went wrong" in row["Reason"]
    assert "try 2 of 5" in row["Reason"]


def test_the_controller_ends_and_its_agents_go_on(lab: Lab) -> None:
    """SIGTERM and SIGINT end it; another adopts the sessions and restarts nothing.

    A person is told how to go on; what collects logs gets nothing but lines of log.
    """
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.environment["SIDEKICK_LOG_FORMAT"] = "text"
    lab.start()
    lab.wait_status("One", "In Progress")
    agents = lab.agents()
    assert lab.stop(signal.SIGTERM) == 0
    assert "agents keep working" in lab.output()
    assert "stop --all" in lab.output()
    lab.environment["SIDEKICK_LOG_FORMAT"] = "auto"
    before = len(lab.output())
    lab.start()
    wait_for("a look", lambda: lab.get("/readyz"))
    assert lab.stop(signal.SIGINT) == 0
    *_, last = [json.loads(line) for line in lab.output()[before:].splitlines()]
    assert last["event"] == "the controller ended; its agents keep working"
    lab.start()
    assert lab.agents() == agents
    assert all(alive(pid) for pid in agents.values())


def test_an_agent_that_ends_while_nobody_looks_is_completed(lab: Lab) -> None:
    """What happened between two controllers is not lost."""
    lab.settle_in('One,1,Pending,,,"while [ ! -e go ]; do sleep 0.1; done",,,,')
    lab.start()
    lab.wait_status("One", "In Progress")
    lab.stop(signal.SIGKILL)
    (lab.root / "workspaces" / "one" / "go").touch()
    wait_for("its end", lambda: not lab.agents())
    assert lab.status("One") == "In Progress"
    lab.start()
    lab.wait_status("One", "Completed")


def test_a_second_controller_is_refused_and_told_the_first(lab: Lab) -> None:
    """On the same state, and on the same list with another state."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    first = lab.start()
    for extra in ({}, {"SIDEKICK_PATHS_STATE": "other"}):
        second = lab.sidekick("run", "--plain", extra=extra)
        assert second.returncode == 2
        assert f"process {first.pid}" in second.stderr
        assert "Traceback" not in second.stderr


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["deleted", "garbage", "truncated"])
def test_lost_memory_is_rebuilt_and_stops_nothing(lab: Lab, damage: str) -> None:
    """From the rows, the runs' folders and what runs; a damaged file is set aside."""
    lab.settle_in(
        f"One,1,Pending,,,{WORKS},,,,", f"Two,2,Pending,sh,,{WORKS},,,,",
        'Three,3,Pending,,,"exit 0",,,,', f"Four,4,Paused,,,{WORKS},,,,",
    )  # fmt: skip
    lab.start()
    for name, status in (("One", "In Progress"), ("Two", "In Progress"), ("Three", "Completed")):
        lab.wait_status(name, status)
    wait_for("two agents", lambda: len(lab.agents()) == 2)
    agents = lab.agents()
    lab.stop(signal.SIGKILL)
    database = lab.root / "state" / "sidekick.db"
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in lab.root.glob("state/sidekick.db-*"):
        path.unlink()
    match damage:
        case "deleted":
            database.unlink()
        case "garbage":
            database.write_bytes(b"no database" * 1000)
        case _:
            database.write_bytes(database.read_bytes()[:5000])
    before = {name: row["Status"] for name, row in lab.rows().items()}
    lab.start()
    lab.edit("One", Priority="9")
    wait_for("the edit", lambda: '"priority": 9' in lab.sidekick("get", "-o", "json").stdout)
    assert before == {name: row["Status"] for name, row in lab.rows().items()}
    assert agents == lab.agents()
    assert all(alive(pid) for pid in agents.values())
    if damage != "deleted":
        assert list((lab.root / "state").glob("sidekick.db.broken-*"))


def test_a_broken_list_keeps_the_last_good_rows(lab: Lab) -> None:
    """Nothing is stopped because the list cannot be read; status and metrics say so."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    (pid,) = lab.agents().values()
    good = lab.list.read_text()
    for bad in ("", "Project,Status\nOne,Paused\n", good + '"unclosed', "\0\0"):
        lab.list.write_text(bad)
        wait_for(
            f"source_valid 0 for {bad[:20]!r}",
            lambda: "sidekick_source_valid 0.0" in (lab.get("/metrics") or ""),
        )
        assert alive(pid), lab.output()
        assert lab.list.read_text() == bad
        lab.list.write_text(good)
        wait_for("a good read", lambda: "sidekick_source_valid 1.0" in (lab.get("/metrics") or ""))
    assert alive(pid)


@pytest.mark.slow
def test_a_killed_tmux_server_is_no_crash(lab: Lab) -> None:
    """Agents are started again; nobody counts it against them."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    (pid,) = lab.agents().values()
    server = int(lab.tmux("display-message", "-p", "#{pid}"))
    os.kill(server, signal.SIGKILL)
    wait_for("the old agent's end", lambda: not alive(pid))
    wait_for("a new agent", lambda: len(lab.agents()) == 1 and pid not in lab.agents().values())
    row = lab.wait_status("One", "In Progress")
    assert "Crash" not in row["Reason"]


@pytest.mark.slow
def test_a_foreign_session_of_the_same_name_is_left_alone(lab: Lab) -> None:
    """Identity is the mark; the row says whose the name is."""
    lab.settle_in(f"One,1,Paused,,,{WORKS},,,,", f"Two,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("Two", "In Progress")
    lab.tmux("new-session", "-d", "-s", "one", "sleep", "999")
    lab.edit("One", Status="Pending")
    lab.wait_reason("One", "SessionNameTaken")
    assert lab.sessions() == ["one", "two"]
    lab.edit("Two", Status="Paused")
    wait_for("only the foreign one", lambda: lab.sessions() == ["one"])
    lab.tmux("kill-session", "-t", "=one")
    lab.wait_status("One", "In Progress", 30)


def test_the_fleet_rests_and_goes_on_with_and_without_a_controller(lab: Lab) -> None:
    """`stop --all` ends every session and holds until `resume --all`."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", f"Two,1,Pending,,,{WORKS},,,,")
    lab.start()
    wait_for("two agents", lambda: len(lab.agents()) == 2)
    done = lab.sidekick("stop", "--all", "-m", "lunch")
    assert (done.returncode, lab.sessions()) == (0, [])
    lab.wait_reason("One", "Suspended")
    assert "lunch" in lab.sidekick("status").stdout
    lab.sidekick("resume", "--all", check=True)
    wait_for("two agents", lambda: len(lab.agents()) == 2)
    lab.wait_status("One", "In Progress")
    lab.stop()
    done = lab.sidekick("stop", "--all")
    assert (done.returncode, lab.sessions()) == (0, [])
    lab.start()
    lab.wait_reason("One", "Suspended")
    assert not lab.sessions()


def test_kill_9_of_the_controller_never_makes_a_second_session(lab: Lab) -> None:
    """However often, whenever."""
    lab.settle_in(*(f"P{n},1,Pending,,,{WORKS},,,," for n in range(5)))
    for _ in range(4):
        with (lab.root / "out.log").open("a") as out:
            process = subprocess.Popen(
                [SIDEKICK, "run", "--plain"], cwd=lab.root, env=lab.environment, stdout=out,
                stderr=out,
            )  # fmt: skip
        seen = len(lab.sessions())
        wait_for("some progress", lambda: len(lab.sessions()) > seen or len(lab.sessions()) == 5)  # noqa: B023
        process.kill()
        process.wait()
    lab.start()
    wait_for("five agents", lambda: len(lab.agents()) == 5)
    for name in lab.rows():
        lab.wait_status(name, "In Progress")
    assert len(lab.sessions()) == 5


@pytest.mark.slow
def test_a_session_whose_run_folder_is_gone_can_be_stopped(lab: Lab) -> None:
    """The folder takes no request any more; the session's own end is the word."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", f"Two,1,Pending,,,{WORKS},,,,")
    lab.start()
    wait_for("two agents", lambda: len(lab.agents()) == 2)
    wait_for("both written", lambda: all(r["Last Update"] for r in lab.rows().values()))
    pids = list(lab.agents().values())
    shutil.rmtree(lab.root / "runs")
    lab.edit("One", Status="Paused")
    wait_for("its end", lambda: lab.sessions() == ["two"])
    lab.stop()
    lab.start()
    assert lab.sessions() == ["two"]
    assert "RunFolderMissing" in lab.sidekick("get").stdout
    lab.edit("Two", Status="Paused")
    wait_for("its end", lambda: not lab.sessions())
    wait_for("the end of all that ran", lambda: not any(alive(pid) for pid in pids))


def test_a_run_whose_folder_is_gone_as_soon_as_it_begins(lab: Lab) -> None:
    """Whether the word of its start was read or not: the row does not start for ever."""
    lab.settle_in('One,1,Pending,,,"rm -r ""$SIDEKICK_RUN_DIR""; exec sleep 1000",,,,')
    lab.start()
    wait_for(
        "a word of it",
        lambda: lab.rows()["One"]["Reason"].startswith(("RunFolderMissing", "Running")),
    )
    lab.edit("One", Status="Paused")
    lab.wait_reason("One", "UserPaused")
    wait_for("its end", lambda: not lab.sessions())


@pytest.mark.slow
def test_a_fault_is_logged_once_and_its_end_too(lab: Lab) -> None:
    """Without a terminal the log is all that a person has."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    good = lab.list.read_text()
    lab.list.unlink()
    wait_for("the fault", lambda: "read failed: desired/priorities.csv" in lab.output())
    wait_for("the fault in status", lambda: "error       read" in lab.sidekick("status").stdout)
    assert lab.sidekick("status").returncode == 0
    lab.list.write_text(good)
    wait_for("its end", lambda: "read works again" in lab.output())
    assert lab.output().count("read failed") == 1


@pytest.mark.slow
def test_a_row_renamed_keeps_its_session_for_good(lab: Lab) -> None:
    """No ghost of the old name is left that would end the session after half a minute."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_reason("One", "Running")
    lab.edit("One", Project="Uno")
    wait_for("the new name", lambda: "Renamed" in lab.output())
    lab.edit("Uno", Priority="3")
    wait_for("the edit", lambda: '"priority": 3' in lab.sidekick("get", "-o", "json").stdout)
    assert lab.sidekick("get", "-o", "name").stdout == "project/Uno\n"
    assert lab.sidekick("plan").returncode == 0


@pytest.mark.slow
def test_a_state_folder_that_is_cleared_away_is_made_again(lab: Lab) -> None:
    """Memory, locks and token come back: no other controller begins beside this one."""
    lab.settle_in(
        f"One,1,Pending,,,{WORKS},,,,", f"Two,1,Paused,,,{WORKS},,,,",
        times={"tick": 0.5, "stop_grace": 1},
    )  # fmt: skip
    first = lab.start()
    lab.wait_reason("One", "Running")
    lab.wait_reason("Two", "UserPaused")
    agents = lab.agents()
    token = (lab.root / "state" / "token").read_text()
    (lab.root / "state").rename(lab.root / "gone")  # at once: it is made again in no time
    shutil.rmtree(lab.root / "gone")
    wait_for("the token", lambda: (lab.root / "state" / "token").exists())
    wait_for("memory", lambda: "Two" in lab.sidekick("get").stdout)
    assert f"process {first.pid}" in lab.sidekick("status").stdout
    second = lab.sidekick("run", "--plain", extra={"SIDEKICK_PRIORITY_SOURCE_CSV_FILE": "other"})
    assert (second.returncode, f"process {first.pid}" in second.stderr) == (2, True)
    assert (lab.root / "state" / "token").read_text() == token
    lab.edit("Two", Status="Pending")
    lab.wait_reason("Two", "Running")
    assert lab.agents().items() >= agents.items()
    assert "UserWord" in lab.sidekick("events").stdout
    assert lab.output().count("was taken away") == 1


@pytest.mark.slow
def test_who_lost_its_place_to_another_controller_ends(lab: Lab) -> None:
    """Its agents are the other's then."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", times={"tick": 0.5, "stop_grace": 1})
    process = lab.start()
    lab.wait_reason("One", "Running")
    lock = lab.root / "state" / "controller.lock"
    new = lab.root / "state" / "new"
    with new.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        new.rename(lock)
        assert process.wait(timeout=15) == 0
    assert "its place was taken" in lab.output()
    assert lab.sessions() == ["one"]
