"""What the user asked for."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The options.

    Attributes:
        only: Names of rows; empty for all.
        sessions: In place of each row's own number.
        rounds: In place of each row's own number.
        quick: A few small rounds, to see that the harness works.
        json: Where the table is written as JSON.
        row: The row that is measured just now, for progress.
    """

    only: tuple[str, ...] = ()
    sessions: int | None = None
    rounds: int | None = None
    quick: bool = False
    json: Path | None = None
    row: str = ""

    def sized(self, usual: int, *, quick: int) -> int:
        """How many sessions a row has."""
        return self.sessions or (quick if self.quick else usual)

    def rounds_of(self, usual: int, *, quick: int) -> int:
        """How many rounds a row has."""
        return self.rounds or (quick if self.quick else usual)

    def say(self, text: str) -> None:
        """Progress, on standard error where a person looks on."""
        if sys.stderr.isatty():
            with suppress(OSError):  # the terminal may be gone
                sys.stderr.write(f"\r\x1b[K{self.row}: {text}")
                sys.stderr.flush()


def parse(argv: Sequence[str], rows: Sequence[str]) -> Options:
    """The options of a command line; exits with 2 where it cannot be understood.

    Args:
        argv: Without the program's name.
        rows: Names of all rows.
    """
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measure the controller against its peers, in one run on this machine.",
        epilog="Exit code: 0 every goal that was measured is met, 1 one is not, 2 a row failed.",
    )
    parser.add_argument(
        "--only", metavar="ROW[,ROW]", default="", help=f"just these rows, of {', '.join(rows)}"
    )
    parser.add_argument(
        "--sessions", type=_positive, metavar="N", help="in place of each row's own number"
    )
    parser.add_argument(
        "--rounds", type=_positive, metavar="N", help="in place of each row's own number"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small and few: shows that it works, no more"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    given = parser.parse_args(argv)
    only = tuple(name.strip() for name in given.only.split(",") if name.strip())
    unknown = [name for name in only if name not in rows]
    if unknown:
        parser.error(f"no row is named {', '.join(unknown)}; there are {', '.join(rows)}")
    return Options(only, given.sessions, given.rounds, given.quick, given.json)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
