"""Order, slots, GPUs and folders: who runs, and what the others wait for."""

import pytest

from controller.core.conditions import ConditionType
from controller.core.limits import AgentLimits
from controller.core.memory import Suspension
from controller.core.observed import Ending
from tests.core.fleet import Fleet, fleet
from tests.core.world import AGENTS, NOW, cells, limits

SUSPENDED = Suspension(NOW, "tea")


def narrow(**slots: int) -> dict[str, AgentLimits]:
    """The agents, some of them with so many slots only."""
    return {
        name: AgentLimits(slots.get(name, known.slots), known.real, known.conversations)
        for name, known in AGENTS.items()
    }


@pytest.mark.parametrize(
    ("column", "typed", "expected"),
    [
        ("priority", ["3", "1", "2"], "bca"),
        pytest.param("priority", ["", "999", "1"], "cba"),
        ("deadline", ["", "2030-01-02", "2030-01-01"], "cba"),
        ("deadline", ["2020-01-01", "2019-01-01", ""], "bac"),
        ("gpu", ["", "", ""], "abc"),
    ],
    ids=["priority", "empty is last", "deadline", "overdue", "file order"],
)
def test_order(column: str, typed: list[str], expected: str) -> None:
    """Order: priority, then deadline (none last), then file order; overdue changes nothing else."""
    rows = Fleet(*(cells(name, **{column: text}) for name, text in zip("abc", typed, strict=True)))

    assert list(expected) == rows.tick().started


def test_priority_comes_before_deadline() -> None:
    """Order: priority, then deadline."""
    rows = Fleet(cells("a", priority="2", deadline="2026-01-01"), cells("b", priority="1"))

    assert rows.tick().started == ["b", "a"]


def test_no_more_sessions_than_slots() -> None:
    """The most important rows first, within the slots; the others say why they wait."""
    rows = Fleet(cells("a", priority="2"), cells("b"), cells("c", priority="3"))
    rows.limits = limits(slots=2)
    rows.rest()

    assert {"a", "b"} == rows.running
    assert rows.says("c") == ("Queued", "Capacity")
    assert "2" in rows.status("c").message


def test_a_slot_is_held_until_the_session_is_gone() -> None:
    """A row holds its slot from Start until its session is gone; Stop is a request."""
    rows = Fleet(cells("a"), cells("b"), limits=limits(slots=1))
    rows.rest()
    rows.type("a", status="Paused")
    stop = rows.tick()
    waits = rows.tick()
    rows.obey()
    free = rows.tick()

    assert (stop.stopped, stop.started) == (["a"], [])
    assert (waits.stopped, waits.started) == ([], [])
    assert free.started == ["b"]


def test_lowered_slots_stop_nobody() -> None:
    """Fewer slots than sessions: nobody is stopped, and nobody starts."""
    rows = Fleet(cells("a"), cells("b"), cells("c"), limits=limits(slots=2))
    rows.rest()
    rows.limits = limits(slots=1)

    assert list(rows.tick().plan.changes) == []


def test_an_agents_own_slots() -> None:
    """Sessions per agent are limited too, and others pass the one that waits."""
    rows = Fleet(cells("a"), cells("b"), cells("c", model="gpt"))
    rows.limits = limits(agents=narrow(claude=1))
    rows.rest()

    assert {"a", "c"} == rows.running
    assert rows.says("b") == ("Queued", "AgentCapacity")


def test_a_gpu_is_given_by_its_index() -> None:
    """A row that needs a GPU is given one, and the others wait for it."""
    rows = Fleet(cells("a", gpu="yes"), cells("b", gpu="yes"), cells("c", gpu="yes"), cells("d"))
    rows.limits = limits(gpus=2)
    rows.rest()

    assert [rows.run(name).gpus for name in "abd"] == [(0,), (1,), ()]
    assert rows.says("c") == ("Queued", "NoGPU")


def test_a_freed_gpu_is_given_again() -> None:
    """The index that is free is the one that is given."""
    rows = Fleet(cells("a", gpu="yes"), cells("b", gpu="yes"), cells("c", gpu="yes"))
    rows.limits = limits(gpus=2)
    rows.rest()
    rows.end("a")
    rows.rest()

    assert rows.run("c").gpus == (0,)


def test_without_gpus_the_row_says_so() -> None:
    """No GPU at all is told from GPUs that are taken."""
    rows = Fleet(cells("a", gpu="yes"), limits=limits(gpus=0))
    rows.rest()

    assert rows.says("a") == ("Queued", "NoGPU")
    assert "gpus: 0" in rows.status("a").message


def test_two_rows_with_one_folder() -> None:
    """Two rows with one folder: the less important is `Queued: FolderInUse`."""
    rows = Fleet(cells("a", priority="2"), cells("b", priority="1"))
    rows.limits = limits(folders={"a": "/repo", "b": "/repo"})
    rows.rest()

    assert {"b"} == rows.running
    assert rows.says("a") == ("Queued", "FolderInUse")
    assert "b" in rows.status("a").message

    rows.end("b")
    rows.rest()

    assert {"a"} == rows.running


def test_a_folder_is_in_use_while_its_row_backs_off() -> None:
    """A crashed row keeps its slot, and with it its folder."""
    rows = Fleet(cells("a"), cells("b"), limits=limits(folders={"a": "/repo", "b": "/repo"}))
    rows.rest()
    rows.end("a", Ending.CRASHED)
    tick = rows.tick()

    assert tick.started == []
    assert rows.says("b") == ("Queued", "FolderInUse")


def test_one_that_must_wait_holds_up_nobody_who_lacks_nothing() -> None:
    """Pre-emption aside, a free slot is given to the next who needs no more than it."""
    rows = Fleet(cells("a", gpu="yes"), cells("b"), limits=limits(slots=1, gpus=0))
    rows.rest()

    assert {"b"} == rows.running


def test_no_next_action() -> None:
    """Next Action empty on a wanted row → `Queued: NoNextAction`."""
    alpha = Fleet(cells(next_action=" "))
    alpha.rest()

    assert (set(), ("Queued", "NoNextAction")) == (alpha.running, alpha.says())

    alpha.type(next_action="now")
    alpha.rest()

    assert {"alpha"} == alpha.running


def test_an_emptied_next_action_stops_what_runs() -> None:
    """The prompt is gone, so the work is."""
    alpha = fleet()
    alpha.type(next_action="")
    alpha.rest()

    assert (set(), ("Queued", "NoNextAction")) == (alpha.running, alpha.says())


@pytest.mark.parametrize(
    ("typed", "reason", "column"),
    [({"agent": "gemni"}, "UnknownAgent", "Agent"), ({"model": "gp5"}, "UnknownModel", "Model")],
)
def test_unknown_agents_and_models_name_the_column(
    typed: dict[str, str], reason: str, column: str
) -> None:
    """Unknown agent or model → invalid, column named; a running session is left alone."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type("alpha", **typed)
    tick = alpha.tick()

    assert ([], {"alpha"}) == (tick.of("alpha"), alpha.running)
    assert {("alpha", "Reason")} == set(tick.wrote)
    assert reason == alpha.status().reason
    assert alpha.line()["Reason"].startswith(f'{reason}: {column} "')
    assert not {c.type: c.status for c in alpha.status().conditions}[ConditionType.ACCEPTED]
    assert alpha.tick().quiet


def test_unknown_names_start_nothing() -> None:
    """Unknown agent or model → invalid."""
    rows = Fleet(cells("a", agent="gemni"), cells("b", model="gp5"), cells("c"))
    rows.rest()

    assert {"c"} == rows.running


def test_suspension() -> None:
    """`stop --all` suspends the fleet until `resume --all`; then all go on where they were."""
    rows = fleet("a", "b")
    awake = rows.limits
    rows.limits = limits(suspension=SUSPENDED)
    rows.rest()

    assert (set(), ("Queued", "Suspended")) == (rows.running, rows.says("a"))
    assert "tea" in rows.status("a").message

    rows.limits = awake
    rows.sleep(60)
    rows.rest()

    assert {"a", "b"} == rows.running
    assert [rows.run(name).conversation for name in "ab"] == ["talk-1", "talk-2"]


def test_suspension_ends_what_no_row_asks_for_too() -> None:
    """A row that must be mended, one that asks for nobody, and those that vanished at once."""
    rows = fleet("a", "b", "c", "d")
    awake = rows.limits
    rows.type("a", priority="high")
    rows.type("b", agent="nobody")
    rows.delete("c", "d")
    rows.rest()
    assert {"a", "b", "c", "d"} == rows.running

    rows.limits = limits(suspension=SUSPENDED)
    rows.rest()
    assert (set(), "InvalidRow") == (rows.running, rows.says("a")[1])

    rows.limits = awake
    rows.type("a", priority="1")
    rows.sleep(60)
    rows.rest()
    assert "a" in rows.running


def test_a_word_during_suspension_counts() -> None:
    """Paused while the fleet rests is paused after it, too."""
    rows = fleet("a", "b")
    awake = rows.limits
    rows.limits = limits(suspension=SUSPENDED)
    rows.rest()
    rows.sleep(60)
    rows.type("a", status="Paused")
    rows.rest()
    rows.limits = awake
    rows.rest()

    assert {"b"} == rows.running
