"""An edit of cells changes their characters and no other."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from controller.sources.base import SourceInvalid
from controller.sources.csv_text import Record, cells_of, edit, stored, tokenize
from tests.sources.test_csv_text import CELLS, TEXTS

CHANGES = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 5)),
    st.one_of(CELLS, st.sampled_from(["=======", "<<<<<<< x", "=1", "\0", ""])),
    max_size=6,
)


def tokens(text: str) -> list[Record]:
    """The records of a text."""
    return list(tokenize(text, name="p.csv"))


@given(TEXTS, CHANGES)
@example("a\n\nb", {(0, 0): "", (1, 2): "x"})
@example('"a"', {(0, 0): "b", (0, 1): "", (0, 3): "="})
@settings(deadline=None)
def test_other_characters_stay_and_new_values_are_read_back(
    text: str, changes: dict[tuple[int, int], str]
) -> None:
    """All that lies outside of the edited cells is as it was, and a fresh read agrees."""
    try:
        records = tokens(text)
    except SourceInvalid:
        assume(False)
    changes = {place: value for place, value in changes.items() if place[0] < len(records)}

    after = edit(text, records, changes)

    expected = [list(record.values) for record in records]
    for (index, column), value in sorted(changes.items()):
        if value or column < len(expected[index]):
            row = expected[index]
            row += [""] * (column + 1 - len(row))
            # A cell that says it already is not touched, be it a formula of the user's own.
            row[column] = value if row[column] == value else stored(value)
    assert expected == [list(record.values) for record in tokens(after)]
    edited = {
        (index, column)
        for (index, column), value in changes.items()
        if column < len(records[index].values)
        and records[index].values[column] not in (value, stored(value))
    }
    assert outside(text, records, edited, {}) == outside(
        after, tokens(after), edited, dict(enumerate(len(record.values) for record in records))
    )


def outside(
    text: str, records: list[Record], edited: set[tuple[int, int]], widths: dict[int, int]
) -> list[str]:
    """What lies around the edited cells and before the cells that were added."""
    pieces = []
    position = 0
    for index, record in enumerate(records):
        cells = cells_of(text, record)
        width = widths.get(index, len(cells))
        for column, cell in enumerate(cells):
            if (index, column) in edited:
                pieces.append(text[position : cell.start])
                position = cell.end
        if width < len(cells):
            pieces.append(text[position : cells[width - 1].end])
            position = cells[-1].end
        else:
            pieces.append(text[position : cells[-1].end])
            position = cells[-1].end
    return [*pieces, text[position:]]


@pytest.mark.parametrize(
    ("text", "place", "value", "expected"),
    [
        ("a,b\r\nc,d", (1, 1), "x", "a,b\r\nc,x"),
        ('a,"b"\n', (0, 1), "x", 'a,"x"\n'),
        ("a,b\n", (0, 0), "x,y", '"x,y",b\n'),
        ("a,b\n", (0, 0), 'say "x"', '"say ""x""",b\n'),
        ("a,b\n", (0, 0), "x\ny", '"x\ny",b\n'),
        ("a,b\n", (0, 1), " x", 'a," x"\n'),
        ("a,b\n", (0, 1), "=x", "a,'=x\n"),
        ("a,b\n", (0, 0), "<<<<<<< x", '"<<<<<<< x",b\n'),
        ("a\n", (0, 0), "", '""\n'),
        ("a\n", (0, 3), "x", "a,,,x\n"),
        ("a", (0, 1), "x", "a,x"),
        ("a\n", (0, 3), "", "a\n"),
        ("=a,b\n", (0, 0), "=a", "=a,b\n"),
    ],
)
def test_a_value_is_spelled_as_its_place_needs(
    text: str, place: tuple[int, int], value: str, expected: str
) -> None:
    """Quotes where they are needed or were; commas where the row is short; formulas inert."""
    assert expected == edit(text, tokens(text), {place: value})


def test_no_change_is_the_same_text() -> None:
    """Without changes nothing is spelled anew, however odd it is."""
    text = '\n a ,"b"\r\n\r"c""" '.rstrip()

    assert text == edit(text, tokens(text), {})
    assert text == edit(text, tokens(text), {(0, 1): "b", (1, 0): 'c"'})
