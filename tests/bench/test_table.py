"""The table's form."""

import json

from bench.clock import Results, Samples
from bench.table import Line, counted, document, limited, markdown, versus

BOTH = Results({"ours": Samples((2.0, 3.0)), "theirs": Samples((1.0, 2.0))})


def test_a_ratio_is_held_against_its_goal() -> None:
    """By the unrounded figures."""
    met = versus("row", "what", BOTH, "theirs", most=1.75)
    missed = versus("row", "what", BOTH, "theirs", most=1.74)
    none = versus("row", "what", BOTH, "theirs")

    assert (met.ratio, met.goal, met.met, met.rounds) == (1.75, "≤ 1.75x", True, 2)
    assert missed.met is False
    assert (none.goal, none.met) == ("", None)


def test_a_missing_peer_leaves_our_figure_and_no_verdict() -> None:
    """Its reason stands below the table."""
    alone = Results({"ours": Samples((2.0,))}, {"theirs": "not installed: no network"})

    line = versus("row", "what", alone, "theirs", most=1.0)

    assert (line.ours, line.theirs, line.ratio, line.met) == (2.0, None, None, None)
    assert "- what: theirs: not installed: no network" in markdown([line])


def test_the_table_is_markdown() -> None:
    """Every line has as many cells as the headings, and all are as wide."""
    lines = [
        versus("row", "what", BOTH, "theirs", most=1.0),
        counted("row", "calls", 1, 1, "call"),
        limited("row", "long", Samples((1234.5,)), 1234.5, 5),
        Line("row", "failed", note="failed: why", rounds=0),
    ]

    text = markdown(lines)
    rows = [line for line in text.splitlines() if line.startswith("|")]

    assert len(rows) == 2 + len(lines)
    assert len({row.count("|") for row in rows}) == 1
    assert len({len(row) for row in rows}) == 1
    assert set(rows[1]) == {"|", "-", " "}
    assert [cell.strip() for cell in rows[2].split("|")[1:-1]] == [
        *("what", "2.5 ms", "theirs", "1.5 ms", "1.75x", "≤ 1.00x", "**no**", "2"),
    ]
    assert "1 call " in rows[3]
    assert "1,234 ms" in rows[4]


def test_the_document_is_json() -> None:
    """With every single figure."""
    content = json.loads(json.dumps(document({"cores": "2"}, [versus("r", "w", BOTH, "theirs")])))

    assert content["machine"] == {"cores": "2"}
    assert content["lines"][0]["samples"] == {"ours": [2.0, 3.0], "theirs": [1.0, 2.0]}
