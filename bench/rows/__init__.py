"""The rows: each module measures one thing and gives its lines of the table."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from bench.options import Options
from bench.rows import (
    edits,
    endurance,
    exits,
    growth,
    idle,
    noop,
    saved,
    start,
    stop,
    tick,
    waiting,
)
from bench.table import Line

Measure = Callable[[Options], Iterable[Line]]

ROWS: Mapping[str, Measure] = MappingProxyType(
    {
        "noop": noop.measure,
        "tick": tick.measure,
        "start": start.measure,
        "stop": stop.measure,
        "exit": exits.measure,
        "saved": saved.measure,
        "waiting": waiting.measure,
        "idle": idle.measure,
        "growth": growth.measure,
        "edits": edits.measure,
        "endurance": endurance.measure,
    }
)
LONG = frozenset({"endurance"})
"""Rows that are measured only when they are named: half an hour each."""
