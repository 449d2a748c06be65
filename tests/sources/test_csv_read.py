"""Reading a CSV file: whole, or an error that says what to do; never fewer rows."""

import os
import time
from pathlib import Path

import pytest

from controller.sources.base import SourceInvalid, SourceUnavailable
from controller.sources.csv_file import CsvFile
from controller.sources.file_read import Stamp
from tests.sources.benches import cells_of, powerless

HEADER = "Project,Priority,Status,Agent,Last Update,Next Action"
LONG_AGO = 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the list is."""
    return tmp_path / "p.csv"


def test_it_says_what_it_is(path: Path) -> None:
    """Kind, name and the file to watch; the file need not be there yet."""
    source = CsvFile(path)

    assert ("csv", str(path), path) == (source.kind, source.name, source.watched)


def test_short_rows_are_padded(path: Path) -> None:
    """A row of fewer cells has empty ones."""
    path.write_text(f"{HEADER}\na,1\n")

    (found,) = CsvFile(path).read().rows

    assert list(found.cells.values()) == ["a", "1", "", "", "", ""]


def test_cells_beyond_the_header_are_kept_aside(path: Path) -> None:
    """Text beyond the last column is `extra`; mere commas are nothing."""
    path.write_text(f"{HEADER}\na,1,,,,do,,x,\nb,1,,,,do,, ,\n")

    assert [found.extra for found in CsvFile(path).read().rows] == [("", "x"), ()]


def test_columns_without_a_name_are_called_by_their_place(path: Path) -> None:
    """Commas at the end of the header, as spreadsheets leave them, do no harm."""
    path.write_text(f"{HEADER},,\na,1,,,,do,x,\n")

    snapshot = CsvFile(path).read()

    assert snapshot.columns[-2:] == ("(column 7)", "(column 8)")
    assert cells_of(snapshot, "(column 7)") == ["x"]


def test_the_header_may_stand_below_blank_lines(path: Path) -> None:
    """The first line with a text is the header; rows keep their lines."""
    path.write_text(f"\n,,,\n{HEADER}\na\n")

    assert [found.line for found in CsvFile(path).read().rows] == [4]


def test_required_columns_are_the_callers(path: Path) -> None:
    """A caller may ask for fewer columns."""
    path.write_text("Project\na\n")

    assert cells_of(CsvFile(path, required=["Project"]).read(), "Project") == ["a"]


@pytest.mark.parametrize("content", ["", "\n\n", " \n,,\n"])
def test_an_empty_file_is_no_list_of_nothing(path: Path, content: str) -> None:
    """A file that an editor has just emptied is looked at again."""
    path.write_text(content)

    with pytest.raises(SourceUnavailable, match=r"p\.csv is empty.*Project,Priority") as caught:
        CsvFile(path).read()

    assert caught.value.reason == "EmptyFile"


def test_a_file_without_a_header_is_invalid(path: Path) -> None:
    """A first row of cells is no header, and the message says what was taken for one."""
    path.write_text("a,1,Pending,claude,,do\n")

    with pytest.raises(SourceInvalid, match=r"has no column 'Project'.*it has 'a'") as caught:
        CsvFile(path).read()

    assert caught.value.column == "Project"


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_delimiters_are_refused_by_name(path: Path, delimiter: str, word: str) -> None:
    """A list of one big column is never read."""
    path.write_text(f'"Project"{delimiter}Status\n"a"{delimiter}x\n')

    with pytest.raises(SourceInvalid, match=word) as caught:
        CsvFile(path).read()

    assert caught.value.reason == "WrongDelimiter"


def test_broken_csv_names_the_file_and_the_line(path: Path) -> None:
    """A quote that would swallow rows is refused with its place."""
    path.write_text(f'{HEADER}\na,1\nb,"1\nc,1\n')

    with pytest.raises(SourceInvalid, match=rf"{path}, line 3: ") as caught:
        CsvFile(path).read()

    assert (caught.value.reason, caught.value.line) == ("UnclosedQuote", 3)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("utf-8", b"\xef\xbb\xbf" + f"{HEADER}\né".encode()),
        ("utf-8-sig", f"{HEADER}\né".encode()),
        ("cp1252", f"{HEADER}\né".encode("cp1252")),
        ("utf-16", f"{HEADER}\né".encode("utf-16")),
        ("UTF-16", b"\xfe\xff" + f"{HEADER}\né".encode("utf-16-be")),
    ],
)
def test_encodings_and_marks_are_read(path: Path, encoding: str, data: bytes) -> None:
    """A byte order mark is no part of the first column's name."""
    path.write_bytes(data)

    snapshot = CsvFile(path, encoding=encoding).read()

    assert snapshot.columns[0] == "Project"
    assert cells_of(snapshot, "Project") == ["é"]


@pytest.mark.parametrize(
    ("encoding", "data", "line", "words"),
    [
        ("utf-8", f"{HEADER}\r\na\r\né".encode("cp1252"), 3, "0xe9 is not utf-8.*cp1252"),
        ("utf-8", HEADER.encode("utf-16"), 1, "0xff is not utf-8.*utf-16"),
        ("ascii", f"{HEADER}\né".encode(), 2, "0xc3 is not ascii.*utf-8"),
    ],
)
def test_a_wrong_byte_is_named_with_the_setting(
    path: Path, encoding: str, data: bytes, line: int, words: str
) -> None:
    """What is not in the encoding is refused with the line, the byte and the mend."""
    path.write_bytes(data)

    with pytest.raises(SourceInvalid, match=words) as caught:
        CsvFile(path, encoding=encoding).read()

    assert ("BadEncoding", line) == (caught.value.reason, caught.value.line)
    assert "priority_source.csv.encoding" in caught.value.message


@pytest.mark.parametrize("encoding", ["utf-9", "base64", "", "a\0b"])
def test_an_unknown_encoding_is_refused_at_once(path: Path, encoding: str) -> None:
    """A typo in the settings is told before anything is read."""
    with pytest.raises(SourceInvalid, match=r"priority_source\.csv\.encoding"):
        CsvFile(path, encoding=encoding)


def test_a_missing_file_is_unavailable(path: Path) -> None:
    """What is not there may come, and the message has its path."""
    with pytest.raises(SourceUnavailable, match=rf"{path} .*does not exist\. Create it") as caught:
        CsvFile(path).read()

    assert caught.value.reason == "FileMissing"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_unavailable(path: Path, make: object) -> None:
    """A folder or a pipe of that name is refused, and does not hold up the loop."""
    assert callable(make)
    make(path)

    with pytest.raises(SourceUnavailable) as caught:
        CsvFile(path).read()

    assert caught.value.reason == "NotAFile"


def test_a_path_through_a_file_is_unavailable(path: Path) -> None:
    """A part of the path that is no folder is told as such."""
    path.write_text("")

    with pytest.raises(SourceUnavailable, match="no folder"):
        CsvFile(path / "p.csv").read()


def test_links_in_a_circle_are_told(path: Path) -> None:
    """A symbolic link that leads to itself is an error like any other."""
    path.symlink_to(path)

    with pytest.raises(SourceUnavailable, match="circle"):
        CsvFile(path).read()


def test_a_forbidden_file_is_unavailable(open_folder: Path) -> None:
    """Without the right to read, the message says so."""
    path = open_folder / "p.csv"
    path.write_text(HEADER)
    path.chmod(0)

    with (
        powerless(),
        pytest.raises(SourceUnavailable, match=r"permission denied.*chmod") as caught,
    ):
        CsvFile(path).read()

    assert caught.value.reason == "PermissionDenied"


def test_an_untouched_file_is_not_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file's stamp is old and unchanged, its bytes are not looked at."""
    path.write_text(f"{HEADER}\na\n")
    os.utime(path, (LONG_AGO, LONG_AGO))
    source = CsvFile(path)
    first = source.read()

    def fail(_: Path) -> None:
        raise AssertionError

    monkeypatch.setattr("controller.sources.csv_file.read_whole", fail)

    assert source.read() is first


def test_two_saves_within_one_tick_of_the_clock_are_both_seen(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stamp taken right after a save proves nothing: size and times may be the same."""

    def coarse(status: os.stat_result) -> Stamp:
        grain = 2_000_000_000
        return Stamp(0, status.st_ino, status.st_size, status.st_mtime_ns // grain * grain, 0)

    monkeypatch.setattr(Stamp, "of", coarse)
    path.write_text(f"{HEADER}\na\n")
    source = CsvFile(path)
    source.read()

    path.write_text(f"{HEADER}\nb\n")

    assert cells_of(source.read(), "Project") == ["b"]


def test_a_failed_read_does_not_spoil_the_next(path: Path) -> None:
    """After an invalid content, the valid one gives the same snapshot again."""
    path.write_text(f"{HEADER}\na\n")
    source = CsvFile(path)
    first = source.read()
    path.write_text('"')
    with pytest.raises(SourceInvalid):
        source.read()
    path.write_text(f"{HEADER}\na\n")

    assert source.read() is first


def test_thousands_of_rows_and_big_cells_are_quick(path: Path) -> None:
    """A list far beyond the usual is read in a fraction of a second, even on a busy machine."""
    big = "x" * 100_000
    rows = "".join(f'p{n},1,In Progress,claude,,"do ""this"", {n}"\n' for n in range(5_000))
    path.write_text(f'{HEADER}\n{rows}big,1,,,,"{big}"\n')
    began = time.perf_counter()

    snapshot = CsvFile(path).read()

    assert time.perf_counter() - began < 1
    assert len(snapshot.rows) == 5_001
    assert snapshot.rows[-1].cells["Next Action"] == big
