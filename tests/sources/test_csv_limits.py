"""The largest lists: read or refused in bounded time and memory, whatever they hold."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from controller.sources.base import SourceInvalid
from controller.sources.csv_file import CsvFile
from controller.sources.csv_table import parse
from controller.sources.header import REQUIRED_COLUMNS
from controller.sources.limits import MAX_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_ROWS

HEADER = ",".join(REQUIRED_COLUMNS)
ROOT = Path(__file__).resolve().parents[2]


def refused(text: str) -> SourceInvalid:
    """Why a text is no list."""
    with pytest.raises(SourceInvalid) as caught:
        parse(text.encode(), encoding="utf-8", required=REQUIRED_COLUMNS, name="p.csv")
    return caught.value


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    """100 MB or a terabyte of holes: the limit is told, and the good list comes back."""
    path = tmp_path / "p.csv"
    path.write_text(f"{HEADER}\na\n")
    source = CsvFile(path)
    good = source.read()
    for size in (MAX_BYTES + 1, 100_000_000, 1 << 40):
        os.truncate(path, size)
        with pytest.raises(SourceInvalid, match="16 MB") as caught:
            source.read()
        assert caught.value.reason == "FileTooLarge"
    path.write_text(f"{HEADER}\na\n")
    assert source.read() is good


def test_a_row_too_many_is_refused_with_its_line() -> None:
    """The most rows are read, blank ones not counted; one more is refused."""
    rows = "\n\n,,\n" + "a\n" * MAX_ROWS
    table = parse(
        f"{HEADER}\n{rows}".encode(), encoding="utf-8", required=REQUIRED_COLUMNS, name="p"
    )
    assert len(table.snapshot.rows) == MAX_ROWS

    error = refused(f"{HEADER}\n{rows}b\n")

    assert (error.reason, error.line) == ("TooManyRows", MAX_ROWS + 5)


def test_a_million_blank_lines_are_none() -> None:
    """As a spreadsheet leaves them below the last row."""
    text = f"{HEADER}\na\n" + ",,,,,\r\n" * 1_000_000 + "b\n"
    table = parse(text.encode(), encoding="utf-8", required=REQUIRED_COLUMNS, name="p.csv")
    assert [row.line for row in table.snapshot.rows] == [2, 1_000_003]


def test_columns_and_cells_too_many_are_refused_with_their_line() -> None:
    """10,000 named columns, and a line that lost its ends."""
    error = refused(",".join([HEADER, *(f"c{n}" for n in range(10_000))]))
    assert (error.reason, error.line) == ("TooManyColumns", 1)
    assert f"at most {MAX_COLUMNS}" in error.message
    error = refused(f"{HEADER}\na\nb{',x' * MAX_CELLS}\n")
    assert (error.reason, error.line) == ("TooManyCells", 3)


def test_a_cell_of_a_megabyte_is_read_in_a_column_of_the_users_own() -> None:
    """And is no prompt: that a row's own rule tells."""
    big = "x" * 1_000_000
    text = f"{HEADER},Notes\na,1,,,,do,{big}\n"
    table = parse(text.encode(), encoding="utf-8", required=REQUIRED_COLUMNS, name="p.csv")
    assert table.snapshot.rows[0].cells["Notes"] == big


@pytest.mark.slow
@pytest.mark.timeout(330)
@pytest.mark.parametrize(
    "pattern",
    [
        *(",", '"', '""', "\n", "\r", ",\n", '""\n', '"",', 'a,"",', "a\n", '"a\n",\n', " ", "x"),
        *("<<<<<<< ", '"<<<<<<< \n', "é", "😀", ';"', "a" + ",b" * 40 + "\n", '"' + "a" * 999),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_list_takes_long_or_much(pattern: str, tmp_path: Path) -> None:
    """The largest file of any one thing over and over: within 60 s of a processor and 1.5 GB."""
    path = tmp_path / "p.csv"
    data = f"{HEADER}\n".encode()
    size = len(pattern.encode())
    path.write_bytes(data + pattern.encode() * ((MAX_BYTES - len(data)) // size))
    script = (
        "import sys; from pathlib import Path\n"
        "from controller.core.errors import SidekickError\n"
        "from controller.sources.base import Edit\n"
        "from controller.sources.csv_file import CsvFile\n"
        "from controller.reading import RowReader\n"
        "from controller.parts.sources import read_row_schema\n"
        "schema = read_row_schema(Path('schemas/row.schema.json'))\n"
        "source = CsvFile(Path(sys.argv[1]))\n"
        "try:\n"
        "    rows = source.read().rows\n"
        "    RowReader(schema).parse(rows)\n"
        "    source.write([Edit(row, {'Status': 'Paused'}) for row in rows[:100]])\n"
        "except SidekickError as error: print(error.reason)\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))

    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, preexec_fn=limit,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
