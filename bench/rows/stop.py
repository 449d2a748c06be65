"""From the save of the list until nothing of any agent's tree is left, against the peers.

Who keeps the agents is nobody's tree: not the shims, not supervisord.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

from bench import processes
from bench.clock import compete, since, until
from bench.execs import Execs
from bench.options import Options
from bench.peers import taking_part
from bench.peers.base import Stopper
from bench.peers.raw_tmux import RawTmux
from bench.peers.supervisord import Supervisord
from bench.processes import Ends
from bench.project import Project, names, new_rows, settle
from bench.table import Line, limited, versus
from bench.world import FOREVER, SECONDS, World

MOST = 1500.0
WITH_SHIMS = "ours, shims included"
TREE = ("sh", "-c", '"$0" "$1"; :')
"""A shell that waits for its child; with the program and its argument, the agent's argv."""


def measure(options: Options) -> Iterator[Line]:
    """A line for the bound, and one for each peer."""
    number = options.sized(100, quick=4)
    peers: tuple[type[Stopper], ...] = (Supervisord, RawTmux)
    contestants = {
        "ours": partial(_ours, number),
        WITH_SHIMS: partial(_ours, number, shims=True),
        **{peer.name: partial(_theirs, peer, number) for peer in peers},
    }
    results = compete(options.rounds_of(5, quick=1), contestants, warm_up=False, say=options.say)
    ours = results.samples["ours"]
    what = f"stop {number} (shell and child), until all trees are gone"
    yield limited("stop", what, ours, ours.median, MOST)
    yield versus("stop", what, results, "supervisord", most=1.0)
    yield versus("stop", what, results, "raw tmux loop")
    yield versus("stop", f"{what}, and the shims", results, "raw tmux loop", ours=WITH_SHIMS)


def _ours(number: int, *, shims: bool = False) -> float:
    """Every row's Status becomes Paused; with `shims` they must be gone too."""
    with World() as world:
        programs = {name: world.program(name) for name in names(number)}
        argv = (*TREE, str(world.program("{project}")), FOREVER)
        project = Project(world, slots=number, argv=argv)
        app = project.build()
        with Execs(programs.values()) as execs:
            project.save(new_rows(programs))
            app.reconciler.tick()
            execs.wait(SECONDS)
        settle(app)
        rows = [{**row, "Status": "Paused"} for row in project.rows()]

        def stop() -> None:
            project.save(rows)
            tick = app.reconciler.tick()
            if tick.errors or tick.plan is None or len(tick.plan.changes) != number:
                raise RuntimeError(f"not all were stopped: {tick.errors}")

        keepers = frozenset() if shims else _shims(world)
        return _until_gone(world, keepers, stop, 2 * number)


def _shims(world: World) -> frozenset[int]:
    return frozenset(pid for pid in world.trees() if b"/shim/" in processes.command_of(pid))


def _theirs(kind: type[Stopper], number: int) -> float:
    with taking_part(), World() as world:
        programs = {name: world.program(name) for name in names(number)}
        peer = kind(world)
        peer.up({name: (*TREE, str(path), FOREVER) for name, path in programs.items()})
        with Execs(programs.values()) as execs:
            peer.start()
            execs.wait(SECONDS)
        return _until_gone(world, peer.own, peer.stop, 2 * number)


def _until_gone(
    world: World, but: frozenset[int], stop: Callable[[], object], at_least: int
) -> float:
    """Milliseconds until every process of the world is gone, but tmux's server and some others.

    Raises:
        RuntimeError: There were fewer to begin with than there should be.
        TimeoutError: Some stay.
    """
    there = world.trees() - but
    if len(there) < at_least:
        raise RuntimeError(f"{len(there)} processes run, and not {at_least} or more")
    ends = Ends(there)
    began = time.perf_counter()
    try:
        took = until(lambda: _gone(ends), stop)
    finally:
        ends.close()
    while left := world.trees() - but:  # what came to be after the stop
        ends = Ends(left)
        try:
            _gone(ends)
        finally:
            ends.close()
        took = since(began)
    return took


def _gone(ends: Ends) -> None:
    if not ends.wait(SECONDS):
        raise TimeoutError(f"not all processes ended within {SECONDS:g} s")
