"""A second writer of ours, and a reader that counts what it sees, in a process of its own.

    python -m bench.beats LIST ROWS

It writes the column Beat of the rows that begin with `s` as often as it can, until its standard
input ends; then it prints one JSON object: reads, torn (reads that lacked a row), writes.
"""

import json
import select
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

from controller.core.errors import SidekickError
from controller.sources.base import Edit
from controller.sources.csv_file import CsvFile

PAUSE = 0.005
"""Seconds between two writes."""


class Beats:
    """The process, as the one who began it sees it.

    Args:
        path: The list.
        rows: Those that it holds by now; no read may hold fewer.
    """

    def __init__(self, path: Path, rows: int) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "bench.beats", path, str(rows)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def end(self) -> dict[str, int]:
        """End it, with nothing left beside the list.

        Returns:
            What it counted: reads, torn, writes.
        """
        said, _ = self._process.communicate(timeout=30)
        found: dict[str, int] = json.loads(said)
        return found


def main(path: Path, rows: int) -> dict[str, int]:
    """Beat until standard input ends."""
    counted = {"reads": 0, "torn": 0, "writes": 0}
    with closing(CsvFile(path)) as source:
        while not select.select([sys.stdin], [], [], PAUSE)[0]:
            with suppress(SidekickError):
                snapshot = source.read()
                counted["reads"] += 1
                counted["torn"] += len(snapshot.rows) < rows
                rows = max(rows, len(snapshot.rows))
                beat = {"Beat": str(counted["reads"])}
                source.write(
                    [Edit(row, beat) for row in snapshot.rows if row.cell("Project")[:1] == "s"]
                )
                counted["writes"] += 1
    return counted


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
