"""What the controller takes of a processor while nothing happens."""

import time
from collections.abc import Iterator
from dataclasses import replace

from bench.clock import Unavailable
from bench.execs import Execs
from bench.options import Options
from bench.peers import taking_part
from bench.peers.supervisord import Supervisord
from bench.processes import cpu_seconds, name_of
from bench.project import Project, names, new_rows
from bench.table import Line
from bench.world import FOREVER, SECONDS, World

MOST = 1.0
UNIT = "% of a core"


def measure(options: Options) -> Iterator[Line]:
    """The controller with its calls of tmux, the shims, the server; supervisord beside them."""
    number = options.sized(100, quick=3)
    seconds = 1.0 if options.quick else 30.0
    with World() as world, World() as other:
        controller = _controller(world, number)
        supervisor, why = _supervisord(other, number)
        time.sleep(1 if options.quick else 5)
        everything = world.processes()
        server = {pid for pid in everything if name_of(pid).startswith("tmux")}
        shims = {pid for pid in everything if name_of(pid) != "sleep"} - server - {controller}
        groups = {"controller": {controller}, "server": server, "shims": shims, "peer": supervisor}
        options.say(f"{seconds:g} s of idleness")
        before = {name: cpu_seconds(pids) for name, pids in groups.items()}
        began = time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - began
        used = {
            name: 100 * (cpu_seconds(pids) - before[name]) / lasted for name, pids in groups.items()
        }
    what = f"idle controller, {number} sessions, {seconds:g} s"
    ours = Line("idle", what, used["controller"], unit=UNIT)
    yield replace(ours, goal=f"≤ {MOST:g} {UNIT}", met=used["controller"] <= MOST)
    if supervisor:
        ratio = used["controller"] / used["peer"] if used["peer"] else None
        yield replace(ours, against="supervisord", theirs=used["peer"], ratio=ratio)
    else:
        yield replace(ours, against="supervisord", note=f"supervisord: {why}")
    yield Line("idle", f"its {len(shims)} shims", used["shims"], unit=UNIT)
    yield Line("idle", "its tmux server", used["server"], unit=UNIT)


def _controller(world: World, number: int) -> int:
    """A real controller with sleeping agents, at rest; returns its pid."""
    programs = {name: world.program(name) for name in names(number)}
    argv = (str(world.program("{project}")), FOREVER)
    project = Project(world, slots=number, argv=argv)
    project.save(new_rows(programs))
    with Execs(programs.values()) as execs:
        process = project.run()
        execs.wait(SECONDS, process)
    project.wait_status("In Progress")
    return process.pid


def _supervisord(world: World, number: int) -> tuple[set[int], str]:
    """A supervisord with the same programs; no process and the reason where there is none."""
    programs = {name: world.program(name) for name in names(number)}
    peer = Supervisord(world)
    try:
        with taking_part(), Execs(programs.values()) as execs:
            peer.up({name: (str(path), FOREVER) for name, path in programs.items()})
            peer.start()
            execs.wait(SECONDS)
    except Unavailable as error:
        return set(), str(error)
    return set(peer.own), ""
