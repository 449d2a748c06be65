"""What a long life takes of the machine: a month's growth, from twenty thousand quick ticks.

A real controller lives with real shims and agents, people who edit, and clients; its ticks follow
each other without a pause. The first half warms up. What counts is the slope of the second half,
carried on over a month at one tick each 10 s; what has a limit is held against it.
"""

import time
from collections.abc import Iterator, Sequence

from bench.life import Life, server_of
from bench.options import Options
from bench.past import leave_behind
from bench.project import Project
from bench.table import Line
from bench.vitals import Vitals, growth, look, ticks_of
from bench.world import LOG, World
from controller.store.journal import EVENTS_KEPT

TICKS = 20_000
SAMPLE = 100
"""Ticks between two looks."""
DEED = 20
"""Ticks between two deeds of people and clients."""
RETAINED = 400_000
"""Bytes of ended runs that are kept, so that they age out while we look on."""
GROWTH: tuple[tuple[str, str, str, float], ...] = (
    ("resident", "resident memory", "MiB", 64),
    ("descriptors", "open descriptors", "descriptors", 16),
    ("threads", "threads", "threads", 8),
    ("watches", "inotify watches beside one a run", "watches", 16),
    ("database", "database and its log", "MiB", 16),
    ("state", "state folder", "MiB", 16),
    ("remembered", "memory of projects on disk", "MiB", 4),
)
"""Vital, its name, its unit, the most that it may grow in a month. The slopes of noise alone were
seen to reach a third of it."""


def measure(options: Options) -> Iterator[Line]:
    """The growth of every vital, then what is held against a limit of its own."""
    sessions = options.sized(100, quick=4)
    ticks = options.rounds_of(TICKS, quick=300)
    with World() as world:
        project = _project(world, sessions)
        began = time.monotonic()
        looks, pool = _live(world, project, sessions, ticks, options)
        seconds = time.monotonic() - began
        log = (world.root / LOG).read_text(encoding="utf-8", errors="replace")
    half = looks[len(looks) // 2 :]
    for name, what, unit, most in GROWTH:
        yield _grown(half, name, what, unit, most)
    yield _bounded(half, "events", "events in the journal", "events", EVENTS_KEPT)
    # A project's restarts have a series for each way in which a run of it has ended.
    yield _bounded(half, "series", "series of metrics", "series", 700 + 40 * pool)
    yield _bounded(half, "projects", "projects in memory", "projects", pool)
    # A run's records take a kilobyte at least, and some blocks of the disk; between two passes as
    # many end as there is room for.
    most = pool + 10 * sessions + RETAINED // 1000
    yield _bounded(half, "folders", "folders of runs", "folders", most)
    yield _bounded(half, "runs", "room of the runs' folders", "MiB", most * 0.05)
    defects = log.count("by a defect") + log.count("Traceback")
    yield Line(
        "endurance", "defects in the log", defects, goal="0 defects", met=defects == 0,
        unit="defects", note=f"{ticks} ticks, {sessions} sessions in {seconds:.0f} s",
    )  # fmt: skip


def _project(world: World, sessions: int) -> Project:
    project = Project(
        world,
        slots=sessions,
        argv=("sh", "-c", "{prompt}"),
        times={"tick": 0.001, "stop_grace": 1, "ended_screens": 20},
        retention={"days": 30, "bytes": RETAINED},
    )
    rows = Life.first_rows(sessions)
    project.save(rows)
    leave_behind(world.root, [row["Project"] for row in rows], "bench")
    return project


def _live(
    world: World, project: Project, sessions: int, ticks: int, options: Options
) -> tuple[Sequence[Vitals], int]:
    """Let them live for so many ticks; returns the looks at them, and how many names there are."""
    process = project.run()
    url = server_of(world.root / LOG)
    token = (world.root / "state" / "token").read_text(encoding="ascii").strip()
    life = Life(project, sessions, url, token)
    looks: list[Vitals] = []
    sample = min(SAMPLE, max(1, ticks // 20))
    next_deed = next_look = done = 0.0
    while done < ticks:
        if process.poll() is not None:
            raise RuntimeError(f"the controller ended with {process.returncode}")
        exposition = life.scrape()
        done = ticks_of(exposition)
        if done >= next_look:
            looks.append(look(process.pid, world.root, exposition))
            next_look = done + sample
            options.say(f"tick {done:.0f} of {ticks}, {looks[-1].resident:.1f} MiB")
        if done >= next_deed:
            life.deed()
            next_deed = done + DEED
        time.sleep(0.1)
    return looks, len(life.names)


def _grown(half: Sequence[Vitals], name: str, what: str, unit: str, most: float) -> Line:
    values = [getattr(item, name) for item in half]
    more = growth([item.tick for item in half], values)
    now = f"{values[-1]:.4g}"
    return Line(
        "endurance", f"{what} ({now} now), growth in a month", round(more, 2),
        goal=f"≤ {most:g} {unit}", met=more <= most, rounds=len(half), unit=unit,
        samples={"ours": values},
    )  # fmt: skip


def _bounded(half: Sequence[Vitals], name: str, what: str, unit: str, most: float) -> Line:
    values = [getattr(item, name) for item in half]
    return Line(
        "endurance", f"{what}, the most", round(max(values), 1), goal=f"≤ {most:g} {unit}",
        met=max(values) <= most, rounds=len(half), unit=unit, samples={"ours": values},
    )  # fmt: skip
