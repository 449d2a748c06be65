"""What holds for every plan, whatever the list, the sessions and the mishaps."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.actions import Stop, Wait
from controller.core.limits import AgentLimits, Limits
from controller.core.observed import PREEMPTED, Ending, ReportState
from controller.core.planner import plan
from tests.core.fleet import Fleet, KilledError, Tick
from tests.core.world import AGENTS, NOW, cells, desired, limits

NAMES = "abcdef"
BAD = [{"priority": "x"}, {"status": "Foo"}, {"agent": "nobody"}, {"model": "nothing"}]
TYPED = st.fixed_dictionaries(
    {
        "priority": st.sampled_from(["1", "2", "3"]),
        "status": st.sampled_from(["", "Pending", "In Progress", "Paused", "Completed"]),
        "gpu": st.sampled_from(["", "", "yes"]),
        "model": st.sampled_from(["", "", "gpt", "opus"]),
        "agent": st.sampled_from(["", "", "script"]),
        "deadline": st.sampled_from(["", "2026-01-01", "2027-01-01"]),
        "next_action": st.sampled_from(["one", "two", "", "three"]),
    }
)


@st.composite
def some_limits(draw: st.DrawFn) -> Limits:
    """Limits that pinch: few slots, one or two GPUs, shared folders, a demo or none."""
    slots = st.integers(0, 3)
    agents = {
        name: AgentLimits(draw(slots), known.real, known.conversations, known.config)
        for name, known in AGENTS.items()
    }
    shared = draw(st.lists(st.sampled_from(NAMES), max_size=3))
    return limits(
        draw(st.integers(0, 4)),
        agents=agents,
        gpus=draw(st.integers(0, 2)),
        folders=dict.fromkeys(shared, "/repo"),
        demo_agent=draw(st.sampled_from(["", "", "demo"])),
        min_run_time=draw(st.sampled_from([0.0, 5.0, 300.0])),
    )


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """A list of some rows, a few of them invalid, that nobody looked at yet."""
    rows = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        typed = draw(TYPED)
        if draw(st.integers(0, 5)) == 0:
            typed |= draw(st.sampled_from(BAD))
        rows.append(cells(name, **typed))
    return Fleet(*rows, limits=draw(some_limits()))


Event = Callable[[Fleet, str], None]


def ends(ending: Ending) -> Event:
    """An agent's end."""

    def event(fleet: Fleet, name: str) -> None:
        if any(run.started_at for run in fleet.living(name)):
            fleet.end(name, ending)

    return event


def reports(state: ReportState) -> Event:
    """An agent's word."""

    def event(fleet: Fleet, name: str) -> None:
        if any(run.started_at for run in fleet.living(name)):
            fleet.report(name, state)

    return event


def dies(instant: str) -> Event:
    """The controller's death within a tick."""

    def event(fleet: Fleet, name: str) -> None:
        with pytest.raises(KilledError):
            fleet.tick(killed_before=instant)

    return event


def types(**typed: str) -> Event:
    """The user's edit."""

    def event(fleet: Fleet, name: str) -> None:
        if any(line["Project"] == name for line in fleet.lines):
            fleet.type(name, **typed)

    return event


def deletes(fleet: Fleet, name: str) -> None:
    """The user deletes the row."""
    fleet.delete(name)


def renames(fleet: Fleet, name: str) -> None:
    """The user gives the row another name."""
    new = name.upper()
    if name in {line["Project"] for line in fleet.lines} and new not in fleet.memory.projects:
        fleet.line(name)["Project"] = new


def adds(fleet: Fleet, name: str) -> None:
    """The user adds a row, under a name perhaps that another row had."""
    if name not in {line["Project"] for line in fleet.lines}:
        fleet.add(cells(name))


def works(fleet: Fleet, name: str) -> None:
    """The row's agent does its work, once more."""
    if name in {line["Project"] for line in fleet.lines}:
        fleet.type(name, status="Pending")
        fleet.rest()
        fleet.end(name)
        fleet.rest()


EVENTS: list[Event] = [
    *(ends(ending) for ending in (Ending.COMPLETED, Ending.CRASHED, Ending.LOST, Ending.BLOCKED)),
    ends(Ending.HELD),
    *(reports(state) for state in (ReportState.WAITING, ReportState.WORKING)),
    *(dies(instant) for instant in ("act", "commit", "write")),
    *(types(status=word) for word in ("", "Pending", "Paused", "Completed", "Foo")),
    types(next_action="new"), types(agent="codex"), types(agent=""), types(priority="9"),
    lambda fleet, name: fleet.lose_sessions(name),
    lambda fleet, name: fleet.lose_memory(),
    lambda fleet, name: fleet.sleep(1),
    lambda fleet, name: fleet.sleep(31),
    lambda fleet, name: fleet.sleep(700),
    lambda fleet, name: fleet.begin(),
    lambda fleet, name: fleet.obey(),
    deletes, renames, adds,
    lambda fleet, name: setattr(fleet, "limits", limits(1)),
]  # fmt: skip
MANY = {name: replace(known, slots=900) for name, known in AGENTS.items()}
HISTORIES = st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(NAMES)), max_size=25)


NAMING: list[Event] = [
    works, renames, adds, deletes,
    lambda fleet, name: fleet.restart(),
    lambda fleet, name: fleet.lose_memory(),
]  # fmt: skip
NAMINGS = st.lists(st.sampled_from(NAMING), min_size=3, max_size=12)


def hold_within_limits(fleet: Fleet, tick: Tick) -> None:
    """What was started fits the slots, the GPUs and the folders; nobody lives twice."""
    living = fleet.living()
    assert max(Counter(run.project for run in living).values(), default=0) <= 1
    if not tick.started:
        return
    working = [run for run in living if not idle(fleet, run.project)]
    assert len(working) <= fleet.limits.slots
    new = [fleet.run(name) for name in tick.started if fleet.living(name)]
    for agent, count in Counter(run.agent for run in working).items():
        if agent in {run.agent for run in new}:
            assert count <= fleet.limits.agents[agent].slots
    others = {run.folder for run in living} - {run.folder for run in new}
    folders = [run.folder for run in new]
    assert len(set(folders)) == len(folders)
    assert not others & set(folders)
    gpus = [index for run in living for index in run.gpus]
    assert len(set(gpus)) == len(gpus)
    assert all(0 <= index < fleet.limits.gpus for run in new for index in run.gpus)


def idle(fleet: Fleet, name: str) -> bool:
    """A session that waits for a person for ten minutes gave up its slot."""
    since = fleet.member(name).waiting_since
    return since is not None and (fleet.now - since).total_seconds() >= 600


def live_through(fleet: Fleet, history: list[tuple[Event, str]]) -> None:
    """What happens, happens; then the fleet comes to rest."""
    for event, name in history:
        event(fleet, name)
        hold_within_limits(fleet, fleet.tick())
    fleet.rest()


@given(fleets(), HISTORIES)
@settings(deadline=None)
def test_every_plan_keeps_within_the_limits_and_comes_to_rest(
    fleet: Fleet, history: list[tuple[Event, str]]
) -> None:
    """Never more than the limits; after the last fault: a few ticks, then nothing to do."""
    live_through(fleet, history)

    before = deepcopy((fleet.lines, fleet.memory))
    for _ in range(3):
        assert fleet.tick().quiet
    assert before == (fleet.lines, fleet.memory)


@pytest.mark.slow
@given(fleets(), HISTORIES)
@settings(deadline=None, max_examples=600)
def test_many_plans_keep_within_the_limits_and_come_to_rest(
    fleet: Fleet, history: list[tuple[Event, str]]
) -> None:
    """The same, with many examples."""
    live_through(fleet, history)


@given(NAMINGS)
@settings(deadline=None)
def test_no_project_goes_on_with_what_another_did(history: list[Event]) -> None:
    """Whatever names pass from row to row, a conversation stays in its project's own folder."""
    fleet = Fleet(cells("a"))
    for event in (works, works, *history):
        event(fleet, "a")
        fleet.tick()

    folders: dict[str, set[str]] = {}
    for run in fleet.runs.values():
        folders.setdefault(run.conversation, set()).add(run.folder)
    assert all(len(known) == 1 for known in folders.values())


@given(fleets(), HISTORIES)
@settings(deadline=None)
def test_only_the_less_important_give_way(fleet: Fleet, history: list[tuple[Event, str]]) -> None:
    """Whoever is pre-empted is less important than some row that waits, and ran long enough."""
    for event, name in history:
        event(fleet, name)
        begun = {run.project: run.started_at for run in fleet.living()}
        tick = fleet.tick()
        for action in tick.plan.actions:
            if not isinstance(action, Stop) or action.reason != PREEMPTED:
                continue
            own = fleet.line(action.project)["Priority"]
            waiting = {a.project for a in tick.plan.actions if isinstance(a, Wait)}
            assert any(int(fleet.line(name)["Priority"]) < int(own) for name in waiting)
            since = begun[action.project]
            assert since is not None
            assert (fleet.now - since).total_seconds() >= fleet.limits.min_run_time


@given(
    st.lists(
        st.tuples(st.sampled_from("123"), st.sampled_from(["", "yes"])), min_size=2, max_size=6
    ),
    st.integers(1, 4),
    st.integers(0, 1),
)
@settings(deadline=None)
def test_all_come_back_whose_agent_is_held_no_more(
    rows: list[tuple[str, str]], slots: int, gpus: int
) -> None:
    """Nobody waits without end for another of the agent's rows that cannot start."""
    named = [
        cells(name, priority=priority, gpu=gpu)
        for name, (priority, gpu) in zip(NAMES, rows, strict=False)
    ]
    fleet = Fleet(*named, limits=limits(slots, gpus=gpus))
    fleet.rest()
    for name in fleet.running:
        fleet.end(name, Ending.HELD)
    fleet.rest()
    fleet.sleep(4000)  # over an hour, the longest hold of those whose end nobody told
    for _ in range(20):
        fleet.rest()
        fleet.sleep(31)
    tick = fleet.rest()

    waits = [action.reason for action in tick.plan.actions if isinstance(action, Wait)]
    assert "ComingBack" not in waits


@given(fleets(), HISTORIES)
@settings(deadline=None)
def test_a_plan_is_a_pure_function(fleet: Fleet, history: list[tuple[Event, str]]) -> None:
    """Equal values in, equal values out; what was given is not changed."""
    for event, name in history:
        event(fleet, name)
        given_values = (fleet.desired(), fleet.observed(), fleet.memory)
        kept = deepcopy(given_values)
        first = plan(*given_values, fleet.limits, fleet.now)
        second = plan(*kept, fleet.limits, fleet.now)

        assert first == second
        assert kept == given_values
        fleet.tick()


@given(fleets(), st.sampled_from(BAD), st.integers(0, 6))
@settings(deadline=None)
def test_an_invalid_row_changes_nothing_of_the_others(
    fleet: Fleet, bad: dict[str, str], index: int
) -> None:
    """One bad row never stops the others: they do what they would without it."""
    alone = deepcopy(fleet)
    fleet.lines.insert(min(index, len(fleet.lines)), cells("bad", **bad))
    for _ in range(4):
        actions = [action for action in fleet.tick().plan.actions if action.project != "bad"]
        assert list(alone.tick().plan.actions) == actions
        for one in (fleet, alone):
            one.begin()
            one.sleep(1)


@given(fleets(), st.sampled_from(BAD), st.sampled_from(NAMES))
@settings(deadline=None)
def test_a_row_that_turns_invalid_changes_nothing_of_any(
    fleet: Fleet, bad: dict[str, str], name: str
) -> None:
    """An invalid row's session is left alone, and it keeps what it holds."""
    fleet.rest()
    if name not in fleet.running:
        return
    fleet.type(name, **bad)
    fleet.sleep(1)

    assert fleet.tick().plan.changes == ()


@given(fleets(), st.sets(st.sampled_from(NAMES)))
@settings(deadline=None)
def test_a_failed_start_changes_nothing_of_the_others(fleet: Fleet, names: set[str]) -> None:
    """One failed action never stops the others: they start in the same tick."""
    well = deepcopy(fleet)
    fleet.broken = dict.fromkeys(names, "RuntimeBusy")
    both = (fleet.tick(), well.tick())

    assert both[0].started == both[1].started
    assert well.running - names == fleet.running


@given(fleets(), st.sets(st.sampled_from(NAMES), min_size=1))
@settings(deadline=None)
def test_a_list_that_cannot_be_read_stops_nobody(fleet: Fleet, names: set[str]) -> None:
    """Could not read is never wants nothing, whatever the last good rows lack."""
    fleet.rest()
    fleet.delete(*names)
    for _ in range(4):
        fleet.sleep(60)
        tick = fleet.tick(fresh=False)
        assert not set(tick.stopped) & names


@given(fleets())
@settings(deadline=None)
def test_lost_memory_stops_and_restarts_nobody(fleet: Fleet) -> None:
    """The state lost, at rest: nothing is stopped, restarted or started twice."""
    fleet.rest()
    fleet.sleep(60)
    fleet.lose_memory()
    tick = fleet.tick()

    assert tick.stopped == []
    assert not set(tick.started) & fleet.running - set(tick.started)


@given(fleets(), HISTORIES)
@settings(deadline=None)
def test_every_row_says_something(fleet: Fleet, history: list[tuple[Event, str]]) -> None:
    """Every row has a status, a reason in CamelCase and a message that fits one line."""
    for event, name in history:
        event(fleet, name)
        tick = fleet.tick()
        rows = tick.summary.rows[: len(fleet.lines)]
        assert [row.name for row in rows] == [line["Project"] for line in fleet.lines]
        for row in rows:
            assert row.reason.isalnum()
            assert row.reason[0].isupper()
            assert {"Accepted", "Ready", "Stalled"} >= {c.type.value for c in row.conditions}


@pytest.mark.slow
def test_a_thousand_rows() -> None:
    """A plan of 1,000 rows is made in time, and the second one has nothing to do."""
    rows = Fleet(*(cells(f"p{number}") for number in range(1000)), limits=limits(900, agents=MANY))
    rows.rest()

    assert len(rows.running) == 900
    assert rows.tick().quiet


def test_an_empty_world() -> None:
    """Nothing wanted, nothing there: nothing to do."""
    rows = Fleet()

    assert rows.tick().quiet
    assert plan(desired(), rows.observed(), rows.memory, rows.limits, NOW).requeue_at is None
