"""Rest: after the last fault the world converges, and then nothing at all is done."""

import hashlib
from typing import TYPE_CHECKING

from controller.core.report import ProjectView
from tests.chaos.controller import Seen
from tests.chaos.world import SCREENS

if TYPE_CHECKING:
    from tests.chaos.machine import Chaos

PATIENCE = 100
"""Ticks within which the world must have come to rest. A row that crashes for good takes three
ticks a try (start, see the end, wait until the next is due), and has five tries; with one slot the
rows do so one after the other: 5 rows of 15 ticks. The rest is for deletions, sweeps, retries."""
TICK = 10.0
"""Seconds between two ticks where nothing is due before."""
FAR = 5000.0
"""Seconds; a hold lasts an hour at most, and a tenth more. Who looks again later than that waits
for nothing but an agent's sign of life."""
STILL = 3
"""So many ticks without anything to do prove rest."""
STAYS = (TICK,) * 12 + (61.0, 301.0, 3601.0, 86_400.0)
"""Seconds between the ticks in which nothing may happen any more."""


def converge(chaos: "Chaos") -> int:
    """Tick until nothing is left to do; returns how many ticks that took."""
    still, aged = 0, False
    for number in range(PATIENCE):
        chaos.rest()
        before = traces(chaos)
        seen = chaos.tick()
        if seen.quiet and traces(chaos) == before:
            still += 1
        else:
            still = 0
        due = (seen.requeue_at - seen.now).total_seconds() if seen.requeue_at else FAR
        if still >= STILL and due >= FAR:
            if aged:
                check(chaos, seen)
                return number
            # The screens of ended sessions are taken away at last, by the clock that they ended by.
            aged, still = True, 0
            chaos.world.offset = max(chaos.world.offset, 0.0) + SCREENS + 1
            continue
        wait = due if due < FAR else TICK
        chaos.world.offset += wait if still else min(wait, TICK)
    raise chaos.witness.object(f"no rest after {PATIENCE} ticks")


def stay(chaos: "Chaos") -> None:
    """Nothing is done, written or asked but the one question a tick."""
    chaos.rest()
    before = traces(chaos)
    for seconds in STAYS:
        chaos.world.offset += seconds
        seen = chaos.tick()
        if not seen.quiet:
            raise chaos.witness.object(f"it did not stay at rest: {seen}")
        if traces(chaos) != before:
            wrote = [
                pair for pair in zip(before, traces(chaos), strict=False) if len(set(pair)) > 1
            ]
            raise chaos.witness.object(f"it wrote: {wrote}")


def traces(chaos: "Chaos") -> tuple[object, ...]:
    """What any write into the list or the memory, or a new run, would change."""
    world = chaos.world
    files = [world.list, *sorted(world.state.glob("sidekick.db*"))]
    found: list[object] = []
    for file in files:
        stat = file.stat()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        found.append((file.name, digest, stat.st_ino, stat.st_mtime_ns))
    found += sorted(path.name for path in world.runs.glob("*"))
    return tuple(found)


def check(chaos: "Chaos", seen: Seen) -> None:
    """What the world is at rest is what the list asks for, and what the controller says of it."""
    witness, world = chaos.witness, chaos.world
    assert seen.report is not None
    agents, _ = world.census.take()
    said = {view.run for view in seen.report.projects if view.alive}
    # One whose run's folder was taken away is told by its row's Reason, where it has one.
    known = {run for run in agents if world.project(run)}
    if not known <= said <= agents.keys():
        raise witness.object(f"it says that {said} live, and {agents} do")
    for view in seen.report.projects:
        fault = _fault(chaos, view, len(agents))
        if fault:
            raise witness.object(f"{view.name}: {fault}: {view}")


def _fault(chaos: "Chaos", view: ProjectView, alive: int) -> str:
    """What is wrong with a row at rest."""
    fits = view.alive == (view.status in {"In Progress", "Waiting"})
    if (
        not fits
        and view.line
        and view.valid
        and not (view.alive and not chaos.world.project(view.run))
    ):
        return "its status does not fit its session"
    word = chaos.witness.words.get(view.name)
    if view.line is None or not view.valid or view.name in chaos.witness.unclear:
        return ""
    if word in {"paused", "completed", "blocked"}:
        return "" if view.status.lower() == word else f"the user said {word}"
    if view.status == "Paused":
        return "" if view.reason == "Preempted" else "nobody paused it"
    slots = chaos.world.slots
    if view.reason in {"Capacity", "Preempted"} and alive < slots:
        return f"{alive} agents work in {slots} slots, and it waits"
    return ""
