"""Sessions that vanish, that memory does not know, or that are one too many."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.actions import Remove, Stop, Sweep
from controller.core.memory import Memory
from controller.core.observed import Ending, Result, StopRequest
from controller.core.planner import plan
from tests.core.fleet import Fleet, fleet
from tests.core.world import NOW, after, cells, desired, limits, observed, run


def test_a_vanished_session_is_waited_for_then_swept() -> None:
    """Its last word may take 2 s; then what it left behind is ended, and it was lost."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.lose_sessions()
    first = alpha.tick()
    alpha.sleep(1.9)
    second = alpha.tick()
    alpha.sleep(0.1)
    third = alpha.tick()

    assert [tick.of("alpha") for tick in (first, second, third)] == [[], [], ["Sweep"]]
    assert first.plan.requeue_at == after(0) + (alpha.now - NOW)

    alpha.sleep(60)
    alpha.rest()

    assert ({"alpha"}, 0) == (alpha.running, alpha.member().crashes)


def test_a_vanished_session_whose_word_arrives_is_not_swept() -> None:
    """The run's folder is the truth for how a run ended."""
    alpha = fleet()
    alpha.sleep(60)
    ended = alpha.run()
    alpha.end()
    result = alpha.run()
    alpha.runs[ended.id] = ended
    alpha.sessions.clear()
    alpha.tick()
    alpha.sleep(1)
    alpha.runs[ended.id] = result
    alpha.rest()

    assert alpha.says() == ("Completed", "Finished")


def test_a_vanished_session_is_not_written_into_the_list() -> None:
    """What will be another in a moment is not written."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.lose_sessions()

    assert alpha.tick().wrote == {}


def test_why_a_vanished_session_cannot_be_swept_is_told_by_its_row() -> None:
    """In the list too, once; it is tried again at every tick, and then goes on."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.lose_sessions()
    alpha.tick()
    alpha.unswept[alpha.run().id] = "NotSwept"
    alpha.sleep(2)
    wrote = []
    for _ in range(2):
        tick = alpha.tick()
        assert tick.of("alpha") == ["Sweep"]
        assert alpha.says() == ("Queued", "NotSwept")
        assert alpha.status().message == "it would not end"
        wrote.append(tick.wrote.get(("alpha", "Status")))
    assert wrote == ["Queued", None]
    alpha.unswept.clear()
    alpha.rest()

    assert alpha.running == {"alpha"}


def test_a_vanished_session_of_a_row_at_rest_is_swept_too() -> None:
    """Whatever the row wants, nothing of a dead session stays."""
    alpha = fleet()
    alpha.type(status="Paused")
    alpha.tick()
    alpha.lose_sessions()
    alpha.tick()
    alpha.sleep(2)

    assert alpha.tick().of("alpha") == ["Sweep"]


def test_a_lost_server_takes_all_and_all_come_back() -> None:
    """A lost tmux server is no crash: all resume, within the same slots."""
    rows = fleet("a", "b", "c", limits=limits(slots=3))
    rows.sleep(120)
    rows.lose_sessions()
    for _ in range(5):
        rows.tick()
        rows.sleep(2)
    rows.rest()

    assert {"a", "b", "c"} == rows.running
    assert [rows.member(name).crashes for name in "abc"] == [0, 0, 0]
    assert [rows.run(name).conversation for name in "abc"] == ["talk-1", "talk-2", "talk-3"]


def test_a_clock_that_jumps_back_sweeps_a_vanished_session() -> None:
    """A jumping clock never makes an endless wait."""
    alpha = fleet()
    alpha.sleep(86_400)
    alpha.lose_sessions()
    alpha.tick()
    alpha.sleep(-86_400)

    assert alpha.tick().of("alpha") == ["Sweep"]


def test_memory_lost_adopts_what_is_alive() -> None:
    """No memory: nothing is stopped or restarted because memory was lost."""
    rows = fleet("a", "b", "c")
    rows.sleep(60)
    rows.lose_memory()
    tick = rows.tick()

    assert list(tick.plan.changes) == []
    assert tick.wrote == {}
    assert rows.rest().quiet


def test_memory_lost_with_words_of_the_users() -> None:
    """No memory: pins and models are told by the runs' folders and the cells."""
    rows = Fleet(cells("a", agent="codex"), cells("b", model="gpt"), cells("c", agent="Claude"))
    rows.rest()
    rows.sleep(60)
    rows.lose_memory()

    assert list(rows.tick().plan.changes) == []
    assert [rows.member(name).pin for name in "abc"] == ["codex", "", "Claude"]


def test_memory_lost_in_demo_mode() -> None:
    """No memory: the demo agent that we wrote into the cell is no pin."""
    alpha = fleet(limits=limits(demo_agent="demo"))
    alpha.sleep(60)
    alpha.lose_memory()
    tick = alpha.tick()

    assert (list(tick.plan.changes), alpha.member().pin) == ([], "")


def test_memory_lost_keeps_the_conversation() -> None:
    """In Progress, read without memory: adopt its session if alive, else resume."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.lose_memory()
    alpha.rest()
    alpha.type(next_action="something else")
    alpha.rest()

    assert alpha.run().conversation == "talk-1"


@pytest.mark.parametrize("status", ["In Progress", "Waiting"])
def test_memory_lost_resumes_what_was_lost_with_it(status: str) -> None:
    """In Progress, Waiting, read without memory: adopt its session if alive, else resume."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end(ending=Ending.LOST)
    alpha.lose_memory()
    alpha.type(status=status)
    alpha.tick()
    alpha.sleep(5)
    alpha.rest()

    assert (alpha.running, alpha.run().conversation) == ({"alpha"}, "talk-1")


def test_memory_lost_and_the_run_completed_meanwhile() -> None:
    """In Progress without memory: an end that nobody took into account yet is news."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    alpha.lose_memory()
    alpha.rest()

    assert alpha.says() == ("Completed", "Finished")


@pytest.mark.parametrize("status", ["", "Pending", "Queued"])
def test_memory_lost_and_pending_runs(status: str) -> None:
    """Empty, Pending, Queued, read without memory: run, whatever came before."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    alpha.rest()
    alpha.lose_memory()
    alpha.type(status=status)
    alpha.rest()

    assert alpha.running == {"alpha"}


@pytest.mark.parametrize("status", ["Completed", "Blocked"])
def test_memory_lost_and_the_row_at_rest(status: str) -> None:
    """Blocked, Completed, read without memory: stop."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type(status=status)
    alpha.lose_memory()
    alpha.rest()

    assert alpha.running == set()
    assert alpha.line()["Status"] == status


@pytest.mark.parametrize(
    ("by", "reason", "expected"),
    [
        ("controller", "Preempted", {"alpha"}),
        ("controller", "Restart", set()),
        ("controller", "BudgetExceeded", set()),
        ("user", "Preempted", set()),
    ],
)
def test_memory_lost_and_paused(by: str, reason: str, expected: set[str]) -> None:
    """Paused without memory: the run's folder tells who paused it: ours → run, else stop."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.runs["run-0001"] = replace(alpha.run(), stop=StopRequest(by, reason))
    alpha.obey()
    alpha.lose_memory()
    alpha.type(status="Paused")
    alpha.rest()

    assert alpha.running == expected


def test_memory_lost_and_an_edit_meanwhile() -> None:
    """A changed Next Action counts, whoever remembers what."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.lose_memory()
    alpha.type(next_action="something else")

    assert alpha.tick().of("alpha") == ["Restart"]


def test_twins() -> None:
    """At most one session a project: the newer stays, the older is told to end."""
    older, newer = run(number=1), replace(run(number=2), slug="alpha-2")
    decided = plan(desired(cells()), observed(older, newer), Memory(), limits(), NOW)

    assert [(Stop, "run-0001", "Duplicate")] == [
        (type(action), action.run, action.reason)  # type: ignore[union-attr]
        for action in decided.changes
    ]


def test_a_twin_is_told_once() -> None:
    """Stop is a request: nobody repeats it while the twin ends."""
    asked = run(number=1, stop=StopRequest("controller", "Duplicate"))
    seen = observed(asked, run(number=2))

    assert list(plan(desired(cells()), seen, Memory(), limits(), NOW).changes) == []


def test_a_twin_holds_its_slot_until_it_is_gone() -> None:
    """A row holds its slot from Start until its session is gone."""
    older, newer = run(number=1), run(number=2)
    seen = observed(older, newer)
    two = desired(cells(), cells("beta"))

    assert plan(two, seen, Memory(), limits(2), NOW).verdicts["beta"].reason == "Capacity"


def test_no_start_beside_a_session_that_nobody_remembers() -> None:
    """At most one session a project, whatever crashed when."""
    decided = plan(desired(cells()), observed(run()), Memory(), limits(), NOW)

    assert list(decided.changes) == []


def test_a_newer_ended_run_does_not_hide_a_living_one() -> None:
    """At most one session a project: a living run comes before an ended one."""
    ended = run(number=2, result=Result(Ending.CRASHED, "Crashed", "", NOW, 5))
    decided = plan(desired(cells()), observed(run(number=1), ended), Memory(), limits(), NOW)

    assert list(decided.changes) == []


def test_screens_of_ended_sessions_are_removed_after_an_hour() -> None:
    """Ended panes: 1 h after their row has its final status."""
    alpha = fleet()
    alpha.end()
    alpha.rest()
    alpha.sleep(3590)
    early = alpha.tick()
    alpha.sleep(20)
    late = alpha.tick()

    assert (early.plan.changes, [Remove]) == ((), [type(item) for item in late.plan.changes])
    assert alpha.sessions == {}


def test_a_new_session_takes_the_place_of_the_ended_screen() -> None:
    """A screen is kept until its project starts again."""
    alpha = fleet()
    alpha.end()
    alpha.rest()
    alpha.sleep(60)
    alpha.type(status="Pending")
    alpha.rest()

    assert list(alpha.sessions) == ["run-0002"]


def test_an_older_run_that_nobody_ended() -> None:
    """It has no session and no end: it is swept, once nothing can come of it any more."""
    older, newer = run(number=1), run(number=2)
    seen = observed(older, newer)
    seen = replace(seen, sessions={newer.id: seen.sessions[newer.id]})
    early = plan(desired(cells()), seen, Memory(), limits(), newer.created_at)
    late = plan(desired(cells()), seen, Memory(), limits(), newer.created_at + timedelta(seconds=2))

    assert early.changes == ()
    assert early.requeue_at == newer.created_at + timedelta(seconds=2)
    assert late.changes == (Sweep("alpha", older.id),)


def test_a_run_that_its_shim_ends_has_its_grace() -> None:
    """A killed session's agent is asked first; it is swept when the shim had time for that."""
    alpha = fleet(limits=limits(stop_grace=20))
    alpha.sleep(60)
    alpha.lose_sessions()
    alpha.guarded = frozenset({alpha.run().id})
    alpha.tick()
    alpha.sleep(21.9)
    second = alpha.tick()
    alpha.sleep(0.1)

    assert second.of("alpha") == []
    assert second.plan.requeue_at == alpha.now
    assert alpha.tick().of("alpha") == ["Sweep"]


def test_a_process_that_nobody_watches_gets_a_watcher() -> None:
    """It goes on; nothing is stopped, started or written for it."""
    alpha = fleet()
    alpha.sleep(60)
    (run_id,) = alpha.sessions
    alpha.sessions[run_id] = replace(alpha.sessions[run_id], watched=False)
    tick = alpha.tick()

    assert (tick.of("alpha"), tick.wrote) == (["Watch"], {})
    assert alpha.rest().quiet
    assert alpha.running == {"alpha"}
