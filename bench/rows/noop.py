"""An observation and a plan where there is nothing to do, against one raw list."""

import time
from collections.abc import Iterator

from bench.calls import calls_of, raw_list
from bench.clock import compete, timed
from bench.options import Options
from bench.project import Project, stand_in_sessions
from bench.rows.waiting import AGED
from bench.table import Line, counted, versus
from bench.world import World
from controller.app import App

PHASES = ("observe", "plan")
ANEW = "ours, planned anew"


def measure(options: Options) -> Iterator[Line]:
    """The ratio, the number of calls, and the ratio of a preview, which plans anew."""
    number = options.sized(500, quick=10)
    with World() as world:
        project = Project(world, slots=number)
        app = project.build(stand_in=True)
        stand_in_sessions(project, app, rows=number, sessions=number)
        time.sleep(AGED)
        calls = calls_of(world, lambda: observe_and_plan(app))
        contestants = {
            "ours": lambda: observe_and_plan(app),
            ANEW: timed(app.reconciler.preview),
            "raw list-panes": timed(raw_list(world, calls[0])),
        }
        results = compete(options.rounds_of(40, quick=3), contestants, say=options.say)
    what = f"no-op observation and plan, {number} sessions"
    yield versus("noop", what, results, "raw list-panes", most=1.3)
    yield counted("noop", f"calls of tmux in it, {number} sessions", len(calls), 1, "call")
    preview = f"preview (read, observe, plan anew, report), {number} sessions"
    yield versus("noop", preview, results, "raw list-panes", ours=ANEW)


def observe_and_plan(app: App) -> float:
    """Milliseconds that a whole tick spends on observing and planning, by its own clock.

    Raises:
        RuntimeError: There was something to do, or the tick keeps no such times.
    """
    before = _seconds(app)
    tick = app.reconciler.tick()
    if tick.errors or tick.plan is None or tick.plan.changes:
        raise RuntimeError(f"there is something to do: {tick.errors or tick.plan}")
    after = _seconds(app)
    if len(after) != len(PHASES):
        raise RuntimeError(f"the metrics know of the phases {sorted(after)} alone")
    return 1000 * (sum(after.values()) - sum(before.values()))


def _seconds(app: App) -> dict[str, float]:
    """Phase → seconds that all ticks so far have spent on it."""
    return {
        sample.labels["phase"]: sample.value
        for family in app.metrics.registry.collect()
        for sample in family.samples
        if sample.name.endswith("_sum") and sample.labels.get("phase") in PHASES
    }
