"""A whole tick of a long list where there is nothing to do, against one raw list."""

import time
from collections.abc import Iterator

from bench.calls import calls_of, files_of, raw_list
from bench.clock import compete, timed
from bench.options import Options
from bench.project import Project, stand_in_sessions
from bench.rows.waiting import AGED
from bench.table import Line, counted, versus
from bench.world import World


def measure(options: Options) -> Iterator[Line]:
    """The ratio, the number of calls, and the number of files written.

    Twice as many rows as sessions: the second half waits for a slot.
    """
    number = options.sized(500, quick=10)
    with World() as world:
        project = Project(world, slots=number)
        app = project.build(stand_in=True)
        stand_in_sessions(project, app, rows=2 * number, sessions=number)
        time.sleep(AGED)
        before = files_of(world.root)
        calls = calls_of(world, app.reconciler.tick)
        after = files_of(world.root)
        written = {
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        }
        results = compete(
            options.rounds_of(30, quick=3),
            {
                "ours": timed(app.reconciler.tick),
                "raw list-panes": timed(raw_list(world, calls[0])),
            },
            say=options.say,
        )
        late = files_of(world.root)
        written |= {
            path for path in after.keys() | late.keys() if after.get(path) != late.get(path)
        }
    what = f"tick with nothing to do, {2 * number} rows, {number} sessions"
    yield versus("tick", what, results, "raw list-panes", most=2.0)
    yield counted("tick", "calls of tmux in it", len(calls), 1, "call")
    yield counted("tick", "files written by it (list, state, runs)", len(written), 0, "files")
