"""The tokenizer agrees with Python's csv module and says where things stand."""

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from controller.sources.base import SourceInvalid
from controller.sources.csv_text import Cell, cells_of, stored, tokenize

# Few letters and many characters that mean something, so that they meet.
TEXTS = st.text(alphabet="\",\r\n ab='é", max_size=40)
CELLS = st.text(alphabet='",\r\n\t ab=-<>é', max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5)


def values_of(text: str) -> list[list[str]]:
    """The values that the tokenizer reads."""
    return [list(record.values) for record in tokenize(text, name="p.csv")]


def csv_values_of(text: str) -> list[list[str]]:
    """The values that the csv module reads; what it cannot read raises."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    return [record for record in reader if record]


@given(TEXTS)
@example('"a"b')
@example('"a" ,b')
@example('a"b,c"d')
@example('"a\r\nb","c""d"\r\n\r\n,"",\r')
@example('"')
@example('""""')
@example('a,"')
@settings(deadline=None)
def test_any_text_is_read_as_python_reads_it(text: str) -> None:
    """Whatever the text, both give the same values, or both refuse it."""
    assume("=======" not in text)  # git's, and no affair of the csv module's
    try:
        expected = csv_values_of(text)
    except csv.Error:
        with pytest.raises(SourceInvalid):
            list(tokenize(text, name="p.csv"))
    else:
        assert expected == values_of(text)


@given(TABLES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@settings(deadline=None)
def test_what_python_wrote_is_read_back(table: list[list[str]], line_end: str, ended: bool) -> None:
    """Any values, quoted by the csv module, are read back, the last line ended or not."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(table)
    text = file.getvalue()

    assert values_of(text if ended else text.removesuffix(line_end)) == table


@given(TEXTS)
@settings(deadline=None)
def test_cells_know_their_places(text: str) -> None:
    """Spans hold the cells' own characters, in order, with one comma between two."""
    try:
        records = list(tokenize(text, name="p.csv"))
    except SourceInvalid:
        return
    for record in records:
        cells = cells_of(text, record)
        assert record.values == tuple(cell.value for cell in cells)
        assert record.start == cells[0].start
        assert "," * (len(cells) - 1) == "".join(
            text[left.end : right.start] for left, right in pairwise(cells)
        )
        for cell in cells:
            own = text[cell.start : cell.end]
            assert cell.value == (own[1:-1].replace('""', '"') if cell.quoted else own)


def test_a_cell_tells_where_and_how_it_stands() -> None:
    """Start and end include the quotes; a bare cell keeps its blanks."""
    text = 'a, b \n"c,d",""'

    first, second = tokenize(text, name="p.csv")

    assert [Cell(0, 1, False, "a"), Cell(2, 5, False, " b ")] == cells_of(text, first)
    assert [Cell(6, 11, True, "c,d"), Cell(12, 14, True, "")] == cells_of(text, second)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_record_begins_on_its_line(end: str) -> None:
    """Blank lines and lines within quotes are counted, whatever ends them."""
    text = end.join(["a,b", "", 'c,"1', "2", '3"', "d,e", "f,g"])

    assert [record.line for record in tokenize(text, name="p.csv")] == [1, 3, 6, 7]


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n"])
def test_nothing_is_no_record(text: str) -> None:
    """Blank lines alone hold no record."""
    assert list(tokenize(text, name="p.csv")) == []


@pytest.mark.parametrize(
    ("text", "reason", "line", "words"),
    [
        ('a,b\nc,"d\ne\n', "UnclosedQuote", 2, "nothing closes it"),
        ('a,b\n"c\n\nd",e,"f', "UnclosedQuote", 4, "nothing closes it"),
        ('a\n"b\nc"d\n', "TextAfterQuote", 2, "more text in line 3"),
        ('a\n"b" ,c\n', "TextAfterQuote", 2, "more text in line 2"),
        ("a\n\nb\0c\n", "NulCharacter", 3, "NUL"),
        ('a\n"\0"\n', "NulCharacter", 2, "NUL"),
        ("a\n<<<<<<< HEAD\nb\n", "ConflictMarkers", 2, "merge conflict"),
        ("a\nb\n=======\nc\n", "ConflictMarkers", 3, "merge conflict"),
        ("a\r\nb\r\n>>>>>>> theirs", "ConflictMarkers", 3, "merge conflict"),
    ],
)
def test_broken_text_is_refused_with_its_place(
    text: str, reason: str, line: int, words: str
) -> None:
    """Each fault names the list, the line, what is wrong and what to do."""
    with pytest.raises(SourceInvalid, match=words) as caught:
        list(tokenize(text, name="lists/p.csv"))

    assert (reason, line) == (caught.value.reason, caught.value.line)
    assert caught.value.message.startswith(f"lists/p.csv, line {line}: ")


def test_conflict_markers_within_quotes_are_text() -> None:
    """A quoted cell may hold a line that looks like git's."""
    assert values_of('"a\n=======\nb"') == [["a\n=======\nb"]]


def test_a_long_tail_of_quotes_is_refused_at_once() -> None:
    """No text makes the scanner go back and forth."""
    with pytest.raises(SourceInvalid):
        list(tokenize('"' * 300_001, name="p.csv"))


@pytest.mark.parametrize("value", ["=1+1", "+1", "-x", "@a", "\tx", "\rx"])
def test_a_formula_is_stored_as_text(value: str) -> None:
    """What a spreadsheet would compute gets an apostrophe, and only one."""
    assert f"'{value}" == stored(value) == stored(stored(value))


@pytest.mark.parametrize("value", ["", "a=b", " =1", "'x", "1-2"])
def test_plain_text_is_stored_as_it_is(value: str) -> None:
    """A sign within a text is no formula."""
    assert value == stored(value)


def test_nul_is_not_stored() -> None:
    """What would make the whole list unreadable is dropped, and hides no formula."""
    assert stored("\0=\x001") == "'=1"
