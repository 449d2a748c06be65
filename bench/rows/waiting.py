"""Which agents wait for a person? What the controller does to know, against one raw list."""

import time
from collections.abc import Iterator
from itertools import cycle

from bench.calls import calls_of, raw_list
from bench.clock import compete, timed
from bench.options import Options
from bench.project import Project, look, report, stand_in_sessions
from bench.table import Line, versus
from bench.world import World
from controller.core.observed import ReportState

AGED = 3.0
"""Seconds after which folders that were just made are looked at as those of running agents are."""


def measure(options: Options) -> Iterator[Line]:
    """The ratio; before each round one agent in a hundred says something new."""
    number = options.sized(500, quick=10)
    with World() as world:
        project = Project(world, slots=number)
        app = project.build(stand_in=True)
        runs = sorted(stand_in_sessions(project, app, rows=number, sessions=number).runs)
        said = dict.fromkeys(runs, "working")
        for run in runs:
            report(app, run, "working")
        turns = cycle(runs)

        def speak() -> None:
            for _ in range(max(1, number // 100)):
                run = next(turns)
                said[run] = "working" if said[run] == "waiting" else "waiting"
                report(app, run, said[run])

        def scan() -> None:
            seen = look(app)
            found = {
                run.id
                for run in seen.runs.values()
                if run.report and run.report.state is ReportState.WAITING
            }
            if found != {run for run in runs if said[run] == "waiting"}:
                raise RuntimeError("the controller does not know who waits")

        calls = calls_of(world, scan)
        time.sleep(AGED)
        results = compete(
            options.rounds_of(40, quick=3),
            {"ours": timed(scan), "raw list-panes": timed(raw_list(world, calls[0]))},
            say=options.say,
            between=speak,
        )
    what = f"who waits for a person? {number} sessions with reports"
    yield versus("waiting", what, results, "raw list-panes", most=1.3)
