"""Lists that nobody wrote: whatever the bytes, a list is read, edited or refused; never less."""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from controller.core.desired import parse_rows
from controller.core.errors import SidekickError
from controller.core.row import Row, Shape
from controller.sources.base import Edit, SourceEmpty, SourceInvalid, SourceUnavailable
from controller.sources.csv_encoding import check_encoding
from controller.sources.csv_file import CsvFile
from controller.sources.csv_table import CsvTable, parse
from controller.sources.csv_text import tokenize
from controller.sources.header import REQUIRED_COLUMNS
from tests.core.world import SCHEMA
from tests.corpus.cases import CORPUS, cases

GOOD = (CORPUS / "list" / "good.csv").read_bytes()
CONTENTS = [content for case in cases("list") if len(content := case.path.read_bytes()) < 4000]
WORDS = st.sampled_from([
    *("Project", "Priority", "Status", "Agent", "Last Update", "Next Action", "Deadline", "GPU?"),
    *("Pending", "In Progress", "1", "007", "2027-01-01", "yes", "a", "é", "😀", "=1+1", "sep=;"),
    *('""', '"', "'", ",", ";", "\t", "|", " ", "\u00a0", "\ufeff", "\u2028", "\x85", "\0", "\x1a"),
    *("<<<<<<< a", "=======", ">>>>>>> b", "||||||| c", "\n", "\r", "\r\n"),
    *("PK\x03\x04", "{", "<html"),
])  # fmt: skip
HEADER = ",".join(REQUIRED_COLUMNS)
TEXTS = st.one_of(
    st.lists(WORDS, max_size=30).map("".join),
    st.lists(WORDS, max_size=30).map(lambda words: HEADER + "\n" + "".join(words)),
)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A file of the corpus with some bytes changed, cut out, doubled, or taken from another."""
    data = draw(st.sampled_from(CONTENTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        other = draw(st.sampled_from(CONTENTS))
        at = draw(st.integers(0, len(other)))
        piece = draw(st.one_of(st.binary(max_size=4), st.just(data[start:end] * 2),
                               st.just(other[at : at + 40]), WORDS.map(str.encode)))  # fmt: skip
        data = data[:start] + piece + data[end:]
    return data


FILES = st.one_of(mutants(), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
EDITS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(REQUIRED_COLUMNS),
              st.one_of(WORDS, st.text(max_size=5), st.lists(WORDS, max_size=4).map("".join))),
    max_size=4,
)  # fmt: skip


def read(data: bytes, encoding: str = "utf-8") -> CsvTable | None:
    """The table, or None where it is refused as it should be: with reason, name, line and mend."""
    try:
        return parse(data, encoding=encoding, required=REQUIRED_COLUMNS, name="p.csv")
    except (SourceInvalid, SourceEmpty) as error:
        refused = error
    assert refused.reason.isalnum()
    assert refused.message.startswith("p.csv")
    assert refused.message.endswith((".", ")", *REQUIRED_COLUMNS))
    lines = data.count(b"\n") + data.count(b"\r") + 2
    assert 0 < (getattr(refused, "line", None) or 1) <= lines
    return None


@given(FILES)
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the family's errors, and every row gives a project or faults."""
    table = read(data)
    if table is None:
        return
    assert len({row.line for row in table.snapshot.rows}) == len(table.snapshot.rows)
    desired = parse_rows(table.snapshot.rows, SCHEMA)
    shown = len(desired.projects) + len(desired.invalid)
    assert shown == len(table.snapshot.rows)


@given(TEXTS)
@settings(deadline=None)
def test_what_python_reads_too_is_read_alike(text: str) -> None:
    """Where both accept a text, every cell is the same."""
    if any(mark in text for mark in ("<<<<<<< ", "=======", ">>>>>>> ", "||||||| ")):
        return  # git's, and no affair of the csv module's
    try:
        ours = [list(record.values) for record in tokenize(text, name="p.csv")]
    except SourceInvalid:
        with pytest.raises(csv.Error):
            python_values(text)
        return
    assert ours == python_values(text)


def python_values(text: str) -> list[list[str]]:
    """What the csv module reads, strictly; NUL, which it takes for a letter, is no text."""
    if "\0" in text:
        raise csv.Error
    return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]


@given(FILES, EDITS)
@example(HEADER.encode() + b'\n"a""b"\n', [(0, "Status", 'x"y'), (0, "Next Action", "")])
@settings(deadline=None)
def test_an_edit_changes_just_what_was_wished(
    data: bytes, wishes: list[tuple[int, str, str]]
) -> None:
    """Read, edit, read: the wished cells and no other, and the file is accepted still."""
    table = read(data)
    if table is None or not table.snapshot.rows:
        return
    rows = table.snapshot.rows
    changes = {(index % len(rows), column): text for index, column, text in wishes}

    edited = table.edited(changes)

    after = read(edited)
    assert after is not None
    wanted = [dict(row.cells) for row in rows]
    for (index, column), text in changes.items():
        if wanted[index][column] != text:
            wanted[index][column] = table.stored(text)
    kept = [cells for cells in wanted if not Row(2, cells).idle]
    if len(kept) == len(rows):
        assert [dict(row.cells) for row in after.snapshot.rows] == wanted
    assert after.snapshot.columns == table.snapshot.columns
    back = {
        (index, column): rows[index].cells[column]
        for index, column in changes
        if rows[index].cells[column] == table.stored(rows[index].cells[column])
    }
    if len(kept) == len(rows) and set(back) == set(changes):
        again = read(after.edited(back))
        assert again is not None
        assert [dict(row.cells) for row in again.snapshot.rows] == [dict(row.cells) for row in rows]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for many examples."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(FILES, st.text(max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_real_file_is_never_written_while_it_is_invalid(
    folder: Path, data: bytes, word: str
) -> None:
    """And a valid one only where a row's cells say so; the last good table stands by."""
    path = folder / "p.csv"
    path.write_bytes(GOOD)
    source = CsvFile(path)
    good = source.read()
    path.write_bytes(data)
    edits = [Edit(row, {"Status": word}) for row in good.rows]
    try:
        source.write(edits)
    except (SourceInvalid, SourceUnavailable):
        assert path.read_bytes() == data
    else:
        assert read(path.read_bytes()) is not None
    path.write_bytes(GOOD)
    assert source.read().rows == good.rows


def test_every_beginning_of_a_file_is_refused_or_read_as_what_it_is() -> None:
    """Cut at any byte: rows before the cut are whole, the last is whole, told, or ends in its last
    cell; and where a row may have lost its name, nothing counts as deleted.
    """  # noqa: D205 - one sentence
    last = 'Gamma,3,Completed,sh,2026-01-01T00:00:00Z,"several\nlines, é",2027-01-31,Yes,Opus,Done'
    whole = read(GOOD + last.encode() + b"\n")
    assert whole is not None
    content = whole.data
    for size in range(len(content)):
        table = read(content[:size])
        if table is None:
            continue
        rows = table.snapshot.rows
        expected = whole.snapshot.rows[: len(rows)]
        assert rows[:-1] == expected[:-1]
        if not rows or rows[-1] == expected[-1]:
            continue
        if rows[-1].shape is Shape.CUT:
            desired = parse_rows(rows, SCHEMA)
            assert desired.nameless
            assert desired.invalid[-1].faults[0].reason == "RowCut"
        else:
            same = [
                rows[-1].cells[name] == expected[-1].cells[name] for name in table.snapshot.columns
            ]
            assert all(same[:-1])


ENCODINGS = ("utf-8", "cp1252", "utf-16", "utf-16-be", "utf-32", "utf-7", "latin-1", "shift_jis",
             "gb18030", "big5", "euc-jp", "iso2022_jp", "hz", "cp037", "koi8-r", "mac-roman",
             "cp932", "johab", "tis-620", "utf-8-sig", "ascii")  # fmt: skip


@given(st.sampled_from(ENCODINGS), st.one_of(st.binary(max_size=60), FILES), EDITS)
@settings(deadline=None)
def test_any_bytes_in_any_encoding(
    encoding: str, data: bytes, wishes: list[tuple[int, str, str]]
) -> None:
    """Read or refused; edited without the change of another byte's meaning, or not at all."""
    codec = check_encoding(encoding)
    with suppress(UnicodeError):
        data = data.decode().encode(codec)
    table = read(data, codec)
    if table is None or not table.snapshot.rows:
        return
    rows = table.snapshot.rows
    changes = {(index % len(rows), column): table.stored(text) for index, column, text in wishes}
    try:
        edited = table.edited(changes)
    except SidekickError as error:
        assert error.reason == "LossyEncoding"  # noqa: PT017 - either is right
        return
    if not changes:
        assert edited == data


@pytest.mark.parametrize("encoding", ["idna", "punycode", "unicode_escape", "undefined", "rot13"])
def test_what_no_file_is_saved_in_is_no_encoding(encoding: str) -> None:
    """Python calls them encodings of text; some take very long, and none is a file's."""
    with pytest.raises(SourceInvalid, match="Use utf-8"):
        check_encoding(encoding)
