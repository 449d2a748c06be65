"""The dashboards: made by their generator, of metrics that there are, and without a dead panel."""

import re
from typing import Any

import pytest

from grafana.generator import BOARDS as MADE
from grafana.generator import document
from tests.observability.boards import (
    BOARDS,
    FILES,
    Query,
    annotation_queries,
    panel_queries,
    panels,
)
from tests.observability.exported import exported, family_of
from tests.observability.promql import legend_labels, names

EXPORTED = exported()
_VARIABLE = re.compile(r"\$\{?([a-z]\w*)")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_files_are_what_the_generator_makes(path: Any) -> None:
    """`python -m grafana.generator` would change nothing."""
    assert path.read_text(encoding="utf-8") == document(path.stem)


def test_each_dashboard_has_a_file() -> None:
    """And each file a dashboard."""
    assert set(BOARDS) == set(MADE)


@pytest.mark.parametrize("board", BOARDS)
def test_a_panel_says_what_it_shows(board: str) -> None:
    """Title, text, unit (or words for its values) and queries; places do not overlap."""
    places: set[tuple[int, int]] = set()
    for panel in BOARDS[board]["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24, panel["title"]
        assert not places & cells, panel["title"]
        places |= cells
    for panel in panels(board):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["targets"], panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert all(references), panel["title"]
        assert len(set(references)) == len(references), panel["title"]
        if panel["type"] not in {"table", "heatmap"}:
            defaults = panel["fieldConfig"]["defaults"]
            assert defaults.get("unit") or defaults["mappings"], panel["title"]


def test_identities() -> None:
    """No two dashboards share one, no two panels of a dashboard do."""
    uids = [board["uid"] for board in BOARDS.values()]
    assert len(set(uids)) == len(uids)
    for board in BOARDS.values():
        numbers = [panel["id"] for panel in board["panels"]]
        assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("query", [*panel_queries(), *annotation_queries()], ids=str)
def test_a_query_names_what_is_exported(query: Query) -> None:
    """Every metric and every label of it is one that `/metrics` shows."""
    asked = names(query.expr)
    assert asked.families
    known: set[str] = set(asked.made)
    for name, labels in asked.families.items():
        assert name in EXPORTED, f"{name} is not exported"
        assert labels <= EXPORTED[name], f"{name} has no {labels - EXPORTED[name]}"
        known |= EXPORTED[name]
    wanted = asked.labels | legend_labels(query.legend)
    assert wanted <= known, f"there is no {wanted - known}"


def test_every_metric_is_on_a_panel() -> None:
    """Nothing is exported that nobody can see."""
    asked = {family_of(name) for query in panel_queries() for name in names(query.expr).families}
    shown = {family_of(name) for name in EXPORTED}
    assert shown - asked == set()


@pytest.mark.parametrize("board", BOARDS)
def test_variables_are_there_and_used(board: str) -> None:
    """A query names no variable that the dashboard lacks, and no variable is idle."""
    said = BOARDS[board]
    there = {variable["name"] for variable in said["templating"]["list"]}
    named = set(_VARIABLE.findall(str({**said, "templating": {}})))
    builtin = {"__value"}
    assert named - builtin == there
