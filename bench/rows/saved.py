"""From the save of one new row until its agent's program runs: a real controller, a real file."""

import time
from collections.abc import Iterator

from bench.clock import Results, compete, since
from bench.execs import Execs
from bench.options import Options
from bench.project import Project, names, new_rows
from bench.table import Line, limited, versus
from bench.world import FOREVER, SECONDS, World

MOST = 150.0
RAW = "raw new-session"


def measure(options: Options) -> Iterator[Line]:
    """The bound, and the floor: one raw `tmux new-session` until its program runs."""
    rounds = options.rounds_of(30, quick=2)
    results = _race(rounds, options)
    ours = results.samples["ours"]
    what = "row saved → its agent has exec'ed"
    yield limited("saved", f"{what}, median", ours, ours.median, MOST)
    yield versus("saved", what, results, RAW)


def _race(rounds: int, options: Options) -> Results:
    fresh = iter(names(rounds + 1))
    with World() as world, World() as other:
        other.boot_tmux()
        template = str(world.program("{project}"))
        project = Project(world, slots=rounds + 2, argv=(template, FOREVER))
        first = world.program("first")
        with Execs([first]) as execs:
            project.save(new_rows(["first"]))
            controller = project.run()
            execs.wait(SECONDS, controller)

        def ours() -> float:
            project.wait_status("In Progress")
            time.sleep(0.3)  # until the controller has nothing left to do
            name = next(fresh)
            rows = [*project.rows(), *new_rows([name])]
            with Execs([world.program(name)]) as execs:
                began = time.perf_counter()
                project.save(rows)
                execs.wait(SECONDS, controller)
                return since(began)

        raw_names = iter(names(rounds + 1, "r"))

        def raw() -> float:
            name = next(raw_names)
            program = other.program(name)
            with Execs([program]) as execs:
                began = time.perf_counter()
                other.tmux("new-session", "-d", "-s", name, str(program), FOREVER)
                execs.wait(SECONDS)
                return since(began)

        return compete(rounds, {"ours": ours, RAW: raw}, say=options.say)
