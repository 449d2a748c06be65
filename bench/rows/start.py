"""From the save of the list until every agent's program runs, against those who start it bare."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench.clock import compete, until
from bench.execs import Execs
from bench.options import Options
from bench.peers import PEERS, taking_part
from bench.peers.supervisord import SupervisordLaunch, SupervisordUpdate
from bench.project import Project, names, new_rows, settle
from bench.table import Line, versus
from bench.world import FOREVER, SECONDS, World

GOALS: Mapping[str, tuple[float, str]] = {
    "raw tmux loop": (1.6, "≤ 1.60x"),
    SupervisordUpdate.name: (1 / 2, "≤ 0.50x (≥ 2x faster)"),
    "tmuxp load": (1 / 10, "≤ 0.10x (≥ 10x faster)"),
}
TERMINAL = "ours, interactive"
LAUNCH = "ours, from the controller's launch"


def measure(options: Options) -> Iterator[Line]:
    """A line for each peer, then the same with agents on the session's terminal."""
    number = options.sized(100, quick=4)
    contestants = {
        "ours": partial(_ours, number, "headless"),
        TERMINAL: partial(_ours, number, "interactive"),
        LAUNCH: partial(_from_launch, number),
        **{name: partial(_theirs, name, number) for name in PEERS},
    }
    results = compete(options.rounds_of(5, quick=1), contestants, warm_up=False, say=options.say)
    what = f"start {number}, until all have exec'ed"
    for name in PEERS:
        if name == SupervisordLaunch.name:
            continue
        most, goal = GOALS.get(name, (None, ""))
        yield versus("start", what, results, name, most=most, goal=goal)
    on_terminal = f"{what}, on a terminal"
    yield versus("start", on_terminal, results, "raw tmux loop", ours=TERMINAL)
    launched = f"{what}, from the controller's launch"
    yield versus("start", launched, results, SupervisordLaunch.name, ours=LAUNCH)


def _ours(number: int, mode: str) -> float:
    """The list is saved with new rows; one tick; one session is there before, as in life."""
    with World() as world:
        programs = {name: world.program(name) for name in names(number)}
        world.program("first")
        template = str(world.program("{project}"))
        project = Project(world, slots=number + 1, argv=(template, FOREVER), mode=mode)
        app = project.build()
        project.save(new_rows(["first"]))
        settle(app)
        rows = [*project.rows(), *new_rows(programs)]

        def start() -> None:
            project.save(rows)
            tick = app.reconciler.tick()
            if tick.errors:
                raise RuntimeError(f"the tick failed: {tick.errors}")

        return _until_begun(programs, start)


def _from_launch(number: int) -> float:
    """The list is there; the controller is launched, as a process of its own."""
    with World() as world:
        programs = {name: world.program(name) for name in names(number)}
        argv = (str(world.program("{project}")), FOREVER)
        project = Project(world, slots=number, argv=argv)
        project.save(new_rows(programs))
        return _until_begun(programs, project.run)


def _theirs(name: str, number: int) -> float:
    with taking_part(), World() as world:
        programs = {name: world.program(name) for name in names(number)}
        peer = PEERS[name](world)
        peer.up({name: (str(program), FOREVER) for name, program in programs.items()})
        return _until_begun(programs, peer.start)


def _until_begun(programs: Mapping[str, Path], start: Callable[[], object]) -> float:
    with Execs(programs.values()) as execs:
        return until(lambda: execs.wait(SECONDS), start)
