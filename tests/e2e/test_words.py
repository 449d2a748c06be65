"""The user's words: typed into the list while agents work."""

import json

import pytest

from tests.e2e.lab import Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'


def test_paused_stops_and_pending_goes_on(lab: Lab) -> None:
    """`Paused` ends the session; `Pending` starts another."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    (run,), (pid,) = lab.agents().keys(), lab.agents().values()
    lab.edit("One", Status="Paused")
    wait_for("the agent's end", lambda: not alive(pid))
    row = lab.wait_reason("One", "UserPaused")
    assert row["Status"] == "Paused"
    lab.edit("One", Status="Pending")
    lab.wait_status("One", "In Progress")
    assert run not in lab.agents()


def test_a_changed_next_action_restarts(lab: Lab) -> None:
    """Only the new text is worked on; priority and deadline restart nothing."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    (pid,) = lab.agents().values()
    lab.edit("One", Priority="7", Deadline="2027-01-01")
    lab.wait_reason("One", "Running")
    assert alive(pid)
    lab.edit("One", Next_Action="echo second; exec sleep 1000")
    wait_for("the old agent's end", lambda: not alive(pid))
    wait_for("one new agent", lambda: len(lab.agents()) == 1)
    wait_for("its output", lambda: "second" in lab.sidekick("logs", "One").stdout)


def test_a_pinned_agent_is_kept_and_beats_the_default(lab: Lab) -> None:
    """The user's word in the Agent cell routes, and stays as typed."""
    lab.settle_in(f"One,1,Pending,TTY,,{WORKS},,,,")
    lab.start()
    row = lab.wait_status("One", "In Progress")
    assert row["Agent"] == "TTY"
    assert lab.sidekick("get", "One").stdout.splitlines()[1].split()[4] == "TTY"


def test_an_invalid_row_is_shown_and_its_session_left_alone(lab: Lab) -> None:
    """A typo stops nothing, starts nothing, and holds up no other row."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", f"Two,x,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    row = lab.wait_reason("Two", "InvalidRow")
    assert row["Status"] == "Pending"
    assert "1 (first) to 999" in row["Reason"]
    (pid,) = lab.agents().values()
    lab.edit("One", Status="Pasued")
    row = lab.wait_reason("One", "InvalidRow")
    assert row["Status"] == "Pasued"
    assert alive(pid)
    lab.edit("Two", Priority="2")
    lab.wait_status("Two", "In Progress")
    assert alive(pid)


@pytest.mark.slow
def test_a_deleted_row_ends_after_half_a_minute_and_may_come_back(lab: Lab) -> None:
    """A person's deletion is acted on, but not at once; added again, it goes on."""
    lab.settle_in(
        f"One,1,Pending,,,{WORKS},,,,", f"Two,1,Pending,,,{WORKS},,,,",
        f"Three,1,Pending,,,{WORKS},,,,", f"Four,1,Pending,,,{WORKS},,,,",
        times={"tick": 1, "stop_grace": 1},
    )  # fmt: skip
    lab.start()
    wait_for("four agents", lambda: len(lab.agents()) == 4)
    wait_for("all rows written", lambda: all(r["Last Update"] for r in lab.rows().values()))
    rows = lab.list.read_text().splitlines()
    lab.write(*(row for row in rows[1:] if not row.startswith("Two,")))
    wait_for("its end", lambda: "two" not in lab.sessions(), 40)
    assert len(lab.agents()) == 3
    assert "its row was deleted" in lab.output()
    lab.append(next(row for row in rows if row.startswith("Two,")))
    wait_for("it goes on", lambda: "two" in lab.sessions())
    assert "the row is back" in lab.output()
    assert "Returned" in lab.told("Two")


def test_a_renamed_row_is_the_same_project(lab: Lab) -> None:
    """Session, folder and process stay."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_reason("One", "Running")
    (pid,) = lab.agents().values()
    lab.edit("One", Project="Uno")
    wait_for("the new name", lambda: "Renamed" in lab.output())
    lab.edit("Uno", Priority="3")
    wait_for("the new priority", lambda: "Uno" in lab.sidekick("get").stdout)
    assert alive(pid)
    assert lab.sessions() == ["one"]


def test_statuses_that_the_user_types_stop_many_at_once(lab: Lab) -> None:
    """Only vanished rows need an approval, typed words need none."""
    lab.settle_in(*(f"P{n},1,Pending,,,{WORKS},,,," for n in range(4)))
    lab.start()
    wait_for("four agents", lambda: len(lab.agents()) == 4)
    wait_for("all rows written", lambda: all(r["Last Update"] for r in lab.rows().values()))
    text = lab.list.read_text().replace("In Progress", "Paused")
    lab.list.write_text(text)
    wait_for("no session", lambda: not lab.sessions())


def test_rows_that_vanish_at_once_wait_for_approval(lab: Lab) -> None:
    """A mass stop is blocked until the user's word."""
    lab.settle_in(*(f"P{n},1,Pending,,,{WORKS},,,," for n in range(4)))
    lab.start()
    wait_for("four agents", lambda: len(lab.agents()) == 4)
    lab.write()
    wait_for("the guard", lambda: "PruneBlocked" in lab.output())
    said = lab.sidekick("status").stdout
    assert "BLOCKED: 4 rows vanished: P0, P1, P2, P3\n" in said
    assert "bring them back" in said
    planned = lab.sidekick("plan")
    assert planned.returncode == 0
    assert "sidekick approve-prune --plan " in planned.stdout
    assert planned.stdout.splitlines()[-4:] == ["  P0", "  P1", "  P2", "  P3"]
    document = json.loads(lab.sidekick("plan", "-o", "json").stdout)
    assert document["blocked"] == ["P0", "P1", "P2", "P3"]
    assert len(lab.sessions()) == 4
    assert lab.sidekick("approve-prune", "--plan", "wrong").returncode == 1
    assert lab.sidekick("approve-prune").returncode == 0
    wait_for("no session", lambda: not lab.sessions(), 45)
