"""Columns: tables stay in line whatever the cells hold."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from controller.cli.columns import age, fit, table, width
from controller.printable import clean

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ALPHABET = st.sampled_from("aZ é日本ｗ🚀\u0301\n\t\x1b[0m\x00")
TEXTS = st.text(ALPHABET, max_size=30) | st.text(max_size=30)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0), ("plain", 5), ("é", 1), ("e\u0301", 1), ("日本", 4), ("🚀", 2), ("ｗ", 2),
        ("ｶ", 1), ("a日b", 4),
        ("กั", 1),
    ],
)  # fmt: skip
def test_width(text: str, cells: int) -> None:
    """The cells of a terminal that a text takes, as terminals count them."""
    assert cells == cell_len(text)
    assert cells == width(text)


@pytest.mark.parametrize(
    ("text", "cells", "expected"),
    [
        ("fits", 4, "fits"), ("fits not", 4, "fit…"), ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("日本語", 2, "…"), ("ab", 1, "…"),
        ("", 1, ""), ("e\u0301e\u0301e\u0301", 2, "e\u0301…"), ("🚀🚀", 3, "🚀…"),
    ],
)  # fmt: skip
def test_fit(text: str, cells: int, expected: str) -> None:
    """What does not fit is cut before a whole character, with an ellipsis."""
    assert expected == fit(text, cells)


@given(TEXTS, st.integers(1, 40))
def test_fit_any(text: str, cells: int) -> None:
    """It is never wider, never cut where it fits, and what is kept is its beginning."""
    fitted = fit(text, cells)
    assert width(fitted) <= cells
    if width(text) <= cells:
        assert text == fitted
    else:
        assert fitted.endswith("…")
        assert text.startswith(fitted[:-1])


def test_fit_of_many_marks() -> None:
    """Thousands of marks on one letter take no time."""
    began = time.process_time()
    fit("e" + "\u0301" * 3000 + "x" * 50, 20)
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"), ("größe 日本 🚀", "größe 日本 🚀"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"), ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"), ("\0", "\\x00"), ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2028", "\\u2028"), ("\ud800", "\\ud800"), ("it's \"so\" \\", "it's \"so\" \\"),
    ],
)  # fmt: skip
def test_clean(text: str, expected: str) -> None:
    """Whatever could move the cursor, colour the screen or hide a word is spelled out."""
    assert expected == clean(text)


@given(st.text())
def test_clean_any(text: str) -> None:
    """Any text becomes one printable line, and stays so."""
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert cleaned == clean(cleaned)
    cleaned.encode()


def test_table() -> None:
    """Columns are in line, cut to their limits, and no line ends in blanks."""
    rows = [
        ["Antenna ML", "In Progress", "a\nb"],
        ["日本語プロジェクト", "Queued", ""],
        ["x", "", "a very long text that has no end"],
    ]
    assert table(["project", "status", "next"], rows, [8, 0, 0]) == (
        "PROJECT   STATUS       NEXT\n"
        "Antenna…  In Progress  a\\nb\n"
        "日本語…   Queued\n"
        "x                      a very long text that has no end"
    )


def test_an_empty_table() -> None:
    """Without rows there is the header; without either there is nothing."""
    assert table(["a", "b"], [], [0, 0]) == "A  B"
    assert table([], [], [0, 0]) == ""


def test_a_table_that_grows() -> None:
    """Lines that come later stand below the first ones."""
    first = table(["a", "b"], [["x", "y"]], [0, 0], [4, 0])
    later = table([], [["longer", "z"], ["x", "z"]], [4, 0], [4, 0])
    assert f"{first}\n{later}" == "A     B\nx     y\nlon…  z\nx     z"


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=5))
def test_any_table(rows: list[tuple[str, str, str]]) -> None:
    """Whatever the cells hold, each row is one line, and each column begins where it should."""
    marked = [[first, second, f"|{third}"] for first, second, third in rows]
    lines = table(["a", "b", "|c"], marked, [7, 5, 9]).split("\n")
    assert len(rows) + 1 == len(lines)
    starts = set()
    for line, row in zip(lines[1:], marked, strict=True):
        first = fit(clean(row[0]), 7)
        assert line.startswith(first)
        third = fit(clean(row[2]), 9).rstrip()
        assert line.endswith(third)
        starts.add(width(line) - width(third))
        assert width(line) <= 7 + 5 + 9 + 4
        assert line == line.rstrip()
    assert len(starts) <= 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"), (0, "0s"), (0.9, "0s"), (59, "59s"), (119, "119s"), (125, "2m5s"),
        (599, "9m59s"), (600, "10m"), (3600, "60m"), (7199, "119m"), (7260, "2h1m"),
        (35_999, "9h59m"), (36_000, "10h"), (172_799, "47h"), (172_800, "2d"),
        (86_400 * 400, "400d"),
    ],
)  # fmt: skip
def test_age(seconds: float, text: str) -> None:
    """One unit or two, as much as a person wants to know; a clock that jumped back is 0 s."""
    assert text == age(NOW - timedelta(seconds=seconds), NOW)


def test_age_of_nothing() -> None:
    """What never was has no age."""
    assert age(None, NOW) == ""


def test_age_over_zones() -> None:
    """Two zones are one time."""
    at = (NOW - timedelta(seconds=30)).astimezone(timezone(timedelta(hours=5)))
    assert age(at, NOW) == "30s"
