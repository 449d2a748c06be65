"""Whose word is the Agent cell? What the controller wrote there is never a pin."""

import pytest

from controller.core.limits import Route
from controller.core.listener import AGENT_CELLS_KEPT, listen
from controller.core.memory import ProjectMemory
from controller.core.observed import Run
from controller.core.workload import routes
from tests.core.fleet import Fleet, fleet
from tests.core.world import NOW, OLD, cells, limits, member, pair, project, run, words

NEWER = "2026-02-02T00:00:00+00:00"


def pin_of(agent: str, known: ProjectMemory, newest: Run | None = None, **typed: str) -> str:
    """The pin after reading this Agent cell."""
    return listen(project(agent=agent, **typed), known, newest, NOW, demo=False).member.pin


def test_the_users_word_is_a_pin() -> None:
    """A word in the Agent cell that the controller did not write there is the user's."""
    assert pin_of("codex", member(pairs=(pair("", ""),), agent_cells=("",))) == "codex"


def test_what_the_controller_wrote_is_never_a_pin() -> None:
    """Our own word in the Agent cell is routed by Model, then `default_agent`."""
    alpha = fleet()

    assert alpha.line()["Agent"] == "claude"
    assert alpha.member().pin == ""


def test_an_emptied_cell_is_no_pin_any_more() -> None:
    """Empty: routed by Model, then `default_agent`."""
    pinned = member(pairs=(pair("", ""),), agent_cells=("codex",), pin="codex")

    assert pin_of("", pinned) == ""


def test_a_pin_stays_while_the_cell_says_it() -> None:
    """The user's word holds until the user changes it."""
    pinned = member(pairs=(pair("", ""),), agent_cells=("codex",), pin="codex")

    assert pin_of("codex", pinned) == "codex"


def test_a_stale_rows_older_cell_is_no_word() -> None:
    """An editor that saves a stale buffer brings back no pin."""
    known = member(pairs=(pair("Queued"), pair("Queued", NEWER)), agent_cells=("codex", "claude"))

    assert pin_of("codex", known, status="Queued", last_update=OLD) == ""


def test_a_stale_rows_unknown_cell_is_a_word() -> None:
    """The stale row's other cells count: an agent never seen there is the user's."""
    known = member(pairs=(pair("Queued"), pair("Queued", NEWER)), agent_cells=("", "claude"))

    assert pin_of("codex", known, status="Queued", last_update=OLD) == "codex"


@pytest.mark.parametrize("cell", ["claude", "Claude", " CLAUDE "])
def test_without_memory_the_last_runs_agent_is_ours(cell: str) -> None:
    """Memory lost: what the last run's folder tells as our own choice is no pin."""
    assert pin_of(cell, member(), run(agent="claude")) == ""


def test_without_memory_a_pinned_run_tells_of_the_pin() -> None:
    """Memory lost: the run's folder tells that the user had chosen this agent."""
    assert pin_of("codex", member(), run(agent="codex", words=words(pin="codex"))) == "codex"


def test_without_memory_another_cell_is_the_users() -> None:
    """Memory lost: an agent that never ran here is the user's word."""
    assert pin_of("codex", member(), run(agent="claude")) == "codex"
    assert pin_of("codex", member()) == "codex"


@pytest.mark.parametrize(
    ("typed", "pin", "expected"),
    [
        ({}, "", Route("claude")),
        ({"model": "opus"}, "", Route("claude", "claude-opus")),
        ({"model": " OPUS "}, "", Route("claude", "claude-opus")),
        ({"model": "gpt"}, "", Route("codex", "gpt-5")),
        ({"model": "gpt"}, "claude", Route("claude")),
        ({"model": "gpt"}, "Codex", Route("codex", "gpt-5")),
        ({}, "codex", Route("codex")),
    ],
)
def test_the_users_word_beats_model_beats_the_default(
    typed: dict[str, str], pin: str, expected: Route
) -> None:
    """The user's word beats Model; without it Model routes, then `default_agent`."""
    assert (expected,) == routes(project("alpha", **typed), pin, limits())


def test_the_users_spelling_stays_in_the_cell() -> None:
    """What the user typed into the Agent cell stays as it is."""
    alpha = Fleet(cells(agent="Codex"))
    alpha.rest()

    assert (alpha.line()["Agent"], alpha.run().agent) == ("Codex", "codex")


def test_remembered_agent_cells_stay_bounded() -> None:
    """Memory keeps the Agent cells of lately, so the memory's size is bounded."""
    known = member(pairs=(pair("", ""),))
    for number in range(3 * AGENT_CELLS_KEPT):
        known = listen(project(agent=f"a{number}"), known, None, NOW, demo=False).member

    assert len(known.agent_cells) <= AGENT_CELLS_KEPT


def test_a_changed_model_moves_an_unpinned_row_alone() -> None:
    """What the controller wrote there is no pin, so Model still routes the row."""
    alpha = fleet()
    alpha.type(model="gpt")
    alpha.rest()

    assert (alpha.run().agent, alpha.line()["Agent"]) == ("codex", "codex")


def test_our_own_older_word_beside_a_users_status_is_no_pin() -> None:
    """What the controller wrote there is never a pin, whoever saved it with whatever Status."""
    alpha = fleet()
    buffer = dict(alpha.line())
    alpha.sleep(60)
    alpha.type(model="gpt")
    alpha.rest()
    alpha.line().update(buffer | {"Model": "gpt", "Status": "Paused"})
    alpha.sleep(60)
    alpha.rest()

    assert alpha.member().pin == ""


def test_a_users_agent_typed_while_the_row_was_written_is_a_pin() -> None:
    """No edit of the user's is lost, at whatever moment: also not into a row yet to be written."""
    alpha = Fleet(cells(agent="codex"))
    alpha.rest()
    alpha.type(agent="")
    for _ in range(3):
        alpha.sleep(60)
        alpha.obey()
        alpha.tick(race=lambda: alpha.type(agent="codex"))
        alpha.begin()
    alpha.rest()

    assert alpha.member().pin == "codex"
