"""How an observation grows with the number of sessions."""

import time
from collections.abc import Iterator

from bench.calls import calls_of, raw_list
from bench.clock import compete, timed
from bench.options import Options
from bench.project import Project, look, stand_in_sessions
from bench.rows.waiting import AGED
from bench.table import Line, versus
from bench.world import World

RAW = "raw list-panes"
STEEPER = 1.5
"""What a session more costs may grow by so much more than it grows for the raw list: tmux itself
is not quite linear, and nobody can be more so than what it asks."""


def measure(options: Options) -> Iterator[Line]:
    """A line for each size, then what a session more costs, and the number of calls."""
    largest = options.sized(1000, quick=20)
    sizes = sorted({size for part in (100, 10, 2, 1) if (size := largest // part)})
    times: dict[str, list[float]] = {"ours": [], RAW: []}
    calls: list[int] = []
    with World() as world:
        project = Project(world, slots=largest)
        app = project.build(stand_in=True)
        for size in sizes:
            options.say(f"{size} sessions")
            stand_in_sessions(project, app, rows=size, sessions=size)
            time.sleep(AGED)
            asked = calls_of(world, lambda: look(app))
            results = compete(
                options.rounds_of(30, quick=3),
                {
                    "ours": timed(lambda: look(app)),
                    RAW: timed(raw_list(world, asked[0])),
                },
            )
            for name, medians in times.items():
                medians.append(results.samples[name].median)
            calls.append(len(asked))
            yield versus("growth", f"observe {size} sessions", results, RAW)
    yield from _slopes(sizes, times)
    yield Line(
        "growth", f"calls of tmux, {sizes[0]} to {largest} sessions", max(calls),
        goal="the same for all", met=len(set(calls)) == 1, unit="call",
    )  # fmt: skip


def _slopes(sizes: list[int], times: dict[str, list[float]]) -> Iterator[Line]:
    """What a session more costs, below and near the top, and how much more it is there."""
    if len(sizes) < 3:
        yield Line("growth", "one session more", note="needs three sizes")
        return
    parts = {"ours": [0.0, 0.0], RAW: [0.0, 0.0]}
    for half, (low, high) in enumerate(((0, -2), (-2, -1))):
        for name, medians in times.items():
            more = (medians[high] - medians[low]) / (sizes[high] - sizes[low])
            parts[name][half] = 1000 * more
        ours, raw = parts["ours"][half], parts[RAW][half]
        what = f"one session more, {sizes[low]} to {sizes[high]}"
        yield Line("growth", what, ours, RAW, raw, ours / raw if raw > 0 else None, unit="µs")
    what = "one session more: the upper by the lower of these"
    if min(parts["ours"][0], parts[RAW][0], parts[RAW][1]) <= 0:
        yield Line("growth", what, note="the times are too small to tell")
        return
    steeper = {name: upper / lower for name, (lower, upper) in parts.items()}
    ratio = steeper["ours"] / steeper[RAW]
    yield Line(
        "growth", what, steeper["ours"], RAW, steeper[RAW], ratio,
        f"≤ {STEEPER:.2f}x (linear)", ratio <= STEEPER, unit="x",
    )  # fmt: skip
