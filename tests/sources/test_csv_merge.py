"""Two saves that knew nothing of each other become one list with both."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.sources.csv_merge import merge
from controller.sources.csv_table import CsvTable, parse

HEADER = "Project,Status,Last Update,Agent,Next Action,Note"
NAMES = ("a", "b", "c", "d")
LISTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(*[st.sampled_from(["", "x", '"y, z"', "'=1"])] * 5),
    min_size=1,
)


def table(text: str) -> CsvTable:
    """A list's content."""
    return parse(text.encode(), encoding="utf-8", required=("Project",), name="p.csv")


def listed(rows: dict[str, tuple[str, ...]]) -> CsvTable:
    """A list of such rows."""
    return table("\n".join((HEADER, *(",".join((name, *rows[name])) for name in rows), "")))


def merged(base: str, late: str, now: str) -> str | None:
    """Three lists without their header, one row in each word; what comes of them."""
    texts = ["\n".join((HEADER, *rows.split(" "), "")) for rows in (base, late, now)]
    done = merge(*(table(text) for text in texts))
    return None if done is None else " ".join(done.decode().split("\n")[1:-1])


@pytest.mark.parametrize(
    ("base", "late", "now", "expected"),
    [
        ("a,,,,do,", "a,,,,go,", "a,Queued,T,x,do,", "a,Queued,T,x,go,"),
        ("a,,,,do,", "a,,,,do,n", "a,Queued,T,x,do,", "a,Queued,T,x,do,n"),
        ("a,,,,do", "a,,,,do,n", "a,,,,do", "a,,,,do,n"),
        ("a,,,,do,", "a,Paused,,,do,", "a,Queued,T,x,do,", "a,Paused,,,do,"),
        ("a,,,,do, b,,,,,", "a,,,,do,", "a,,,,go, b,Q,T,x,,", "a,,,,go,"),
        ("a,,,,do, b,,,,,", "b,,,,,", "a,,,,go, b,,,,,", "a,,,,go, b,,,,,"),
        ("a,,,,do,", 'a,,,,do, n,,,,"x,y",', "a,Q,T,x,do,", 'a,Q,T,x,do, n,,,,"x,y",'),
        ("a,,,,do,", "a,,,,=1,", "a,Q,T,x,do,", "a,Q,T,x,=1,"),
        ("a,,,,do, b,,,,,", "a,,,,go, b,,,,,", "b,,,,,", "b,,,,,"),
    ],
    ids=["cell", "note", "short", "word", "deleted", "kept", "added", "as spelled", "gone"],
)
def test_what_was_saved_late_is_in_the_list(base: str, late: str, now: str, expected: str) -> None:
    """The late save's changes come on top of the list's; all else is as the list has it."""
    assert merged(base, late, now) == expected


@pytest.mark.parametrize("odd", ["a,,,,, a,,,,,", ",,,,x,"])
def test_rows_that_cannot_be_told_apart_are_not_merged(odd: str) -> None:
    """A name twice, or none: nobody knows which row was meant."""
    fine = "a,,,,do,"
    assert merged(odd, fine, fine) is None
    assert merged(fine, odd, fine) is None
    assert merged(fine, fine, odd) is None


def test_other_columns_or_characters_are_not_merged() -> None:
    """Nor lists of another form, nor what the list's encoding lacks."""
    fine = table(f"{HEADER}\na,,,,do,\n")
    assert merge(fine, table("Project,Note\na,x\n"), fine) is None
    narrow = parse(fine.data, encoding="cp1252", required=("Project",), name="p.csv")
    assert merge(fine, table(f"{HEADER}\na,,,,→,\n"), narrow) is None


@given(LISTS, LISTS, LISTS)
@settings(deadline=None)
def test_each_edit_is_there(
    base: dict[str, tuple[str, ...]],
    late: dict[str, tuple[str, ...]],
    now: dict[str, tuple[str, ...]],
) -> None:
    """Whatever was saved: what only one of both changed is as that one has it."""
    tables = [listed(rows) for rows in (base, late, now)]
    before, saved, there = (
        {row.cell("Project"): dict(row.cells) for row in one.snapshot.rows} for one in tables
    )

    data = merge(*tables)

    assert data is not None
    if not any(line for line in data.decode().split("\n")[1:]):
        assert not saved.keys() - there.keys() - before.keys()
        return
    result = {row.cell("Project"): dict(row.cells) for row in table(data.decode()).snapshot.rows}
    assert saved.keys() - before.keys() <= result.keys()
    assert result.keys() <= saved.keys() | there.keys()
    for name, cells in result.items():
        if name in before and name in saved and name in there:
            for column in ("Next Action", "Note"):
                changed = saved[name][column] != before[name][column]
                assert cells[column] == (saved if changed else there)[name][column]
        elif name in there:
            assert cells == there[name]


@given(LISTS, LISTS)
@settings(deadline=None)
def test_nothing_new_is_nothing_done(
    base: dict[str, tuple[str, ...]], now: dict[str, tuple[str, ...]]
) -> None:
    """A late save without a change leaves every byte of the list."""
    assert merge(listed(base), listed(base), listed(now)) == listed(now).data
