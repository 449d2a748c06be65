"""The table: one line for each figure, as Markdown and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.clock import Results, Samples

HEADINGS = ("What", "Ours", "Against", "Its", "Ratio", "Goal", "Met", "Rounds")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        row: The name under which `--only` knows it.
        what: What was measured.
        ours: Our figure, None where there is none.
        against: Whose figure it is held against, empty for nobody's.
        theirs: That figure, None where there is none.
        ratio: Ours by theirs: the median of the rounds' own ratios.
        goal: In words, empty for none.
        met: Whether it was reached; None where there is no goal or no figure.
        rounds: How many figures each number is the median of.
        unit: Of both figures.
        note: What else there is to say, such as why a figure is missing.
        samples: The single figures: `ours` and `theirs`.
    """

    row: str
    what: str
    ours: float | None = None
    against: str = ""
    theirs: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    rounds: int = 1
    unit: str = "ms"
    note: str = ""
    samples: dict[str, Sequence[float]] | None = None


def versus(
    row: str,
    what: str,
    results: Results,
    peer: str,
    *,
    ours: str = "ours",
    most: float | None = None,
    goal: str = "",
) -> Line:
    """Our figure by that of a peer.

    Args:
        row: The row's name.
        what: What was measured.
        results: Of the rounds.
        peer: The other contestant.
        ours: We.
        most: The largest ratio that reaches the goal.
        goal: The goal in words; `≤ 1.30x` and such by default.
    """
    own = results.samples[ours]
    if most is not None and not goal:
        goal = f"≤ {most:.2f}x"
    if peer in results.missing:
        return Line(
            row, what, own.median, peer, goal=goal, rounds=len(own.values),
            note=f"{peer}: {results.missing[peer]}", samples={"ours": own.values},
        )  # fmt: skip
    theirs = results.samples[peer]
    ratio = own.times(theirs)
    return Line(
        row, what, own.median, peer, theirs.median, ratio, goal,
        None if most is None else ratio <= most, len(own.values),
        samples={"ours": own.values, "theirs": theirs.values},
    )  # fmt: skip


def limited(row: str, what: str, figures: Samples, value: float, most: float) -> Line:
    """Our figure by a fixed bound, in ms."""
    return Line(
        row, what, value, goal=f"≤ {most:g} ms", met=value <= most, rounds=len(figures.values),
        samples={"ours": figures.values},
    )  # fmt: skip


def counted(row: str, what: str, count: int, goal: int, unit: str) -> Line:
    """A number that must be just so."""
    return Line(row, what, count, goal=f"{goal} {unit}", met=count == goal, unit=unit)


def markdown(lines: Iterable[Line]) -> str:
    """The table, and below it what there is to say on single lines."""
    lines = list(lines)
    cells = [HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    padded.insert(1, ["-" * width for width in widths])
    rows = [f"| {' | '.join(row)} |" for row in padded]
    notes = [f"- {line.what}: {line.note}" for line in lines if line.note]
    return "\n".join([*rows, *([""] if notes else []), *notes])


def document(machine: dict[str, str], lines: Iterable[Line]) -> dict[str, Any]:
    """The table as JSON has it."""
    return {"version": 1, "machine": machine, "lines": [asdict(line) for line in lines]}


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.what,
        _figure(line.ours, line.unit),
        line.against or "–",
        _figure(line.theirs, line.unit),
        "–" if line.ratio is None else f"{line.ratio:.2f}x",
        line.goal or "–",
        {True: "yes", False: "**no**", None: "–"}[line.met],
        str(line.rounds),
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if float(value).is_integer() and unit != "ms":
        return f"{value:.0f} {unit}"
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"
