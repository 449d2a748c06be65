"""A witness: sees what lives at every instant, knows what was done to it, and objects."""

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from controller.core.actions import Remove, Start, Stop, Sweep
from controller.core.words import fold
from tests.chaos.census import living
from tests.chaos.controller import Seen
from tests.chaos.world import SHORT, World

HALTS = {"UserPause": "paused", "UserBlock": "blocked", "UserDone": "completed"}
"""The reason of a stop → the user's word that it obeys."""
TOLD = 200
"""Lines of the story that an objection tells."""


@dataclass(slots=True)
class Witness:
    """Watches a world.

    Attributes:
        world: It.
        slots: Sessions allowed since the world was last at rest.
        excused: Runs to which the test did something that may end them, or let them be ended.
        words: Project → the last word that the user gave it in Status, folded.
        unclear: Projects whose words may be read otherwise: an old buffer on lost memory, say.
        finished: Projects that the list called Completed, and that nobody asked for again.
        edited: Project → the number of the newest edit of its row.
        approved: The user gave leave to a mass stop.
        base: Project → its Status and Last Update when the list was last read well.
        pairs: Project → every such pair that the controller may remember.
        reported: Runs whose agent said that it is done, or blocked.
    """

    world: World
    slots: int = 0
    excused: set[str] = field(default_factory=set)
    words: dict[str, str] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    edited: dict[str, int] = field(default_factory=dict)
    approved: bool = False
    base: dict[str, tuple[str, str]] = field(default_factory=dict)
    pairs: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    story: deque[str] = field(default_factory=lambda: deque(maxlen=TOLD))
    shown: list[tuple[str, str, str, bool]] = field(default_factory=list)
    edits: int = 0
    born: dict[str, int] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    lived: dict[str, set[int]] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)
    good: dict[str, dict[str, str]] = field(default_factory=dict)
    absent: dict[str, list[datetime]] = field(default_factory=dict)
    samples: int = 0
    ticks: int = 0

    def tell(self, line: str) -> None:
        """Note what happens."""
        self.story.append(line)

    def object(self, text: str) -> AssertionError:
        """An objection, with the story so far."""
        told = "\n  ".join(self.story)
        listing = self.world.list.read_text(errors="replace") if self.world.list.exists() else "-"
        return AssertionError(f"\n  {told}\nlist:\n{listing}\n{text}")

    # -- at every instant -------------------------------------------------------------------

    def sample(self) -> None:
        """Look at all that lives now."""
        self.samples += 1
        agents, _ = self.world.census.take()
        for run in agents.keys() - self.born.keys():
            self._meet(run)
        self._count(agents)
        self.dead += self.lived.keys() - agents.keys()
        self.lived = agents
        for name, pid in self.world.foreign.items():
            if not living(pid):
                raise self.object(f"the foreign session {name} was ended")

    def _meet(self, run: str) -> None:
        self.born.setdefault(run, self.edits)
        project = self.world.project(run)
        self.projects[run] = project
        if project in self.finished:
            raise self.object(f"{project} was finished, and runs again without a word: {run}")

    def _count(self, agents: dict[str, set[int]]) -> None:
        owners: dict[str, str] = {}
        for run in agents:
            project = self.projects[run] = self.world.project(run) or self.projects[run]
            if project in owners:
                text = f"{project} has two agents: {owners[project]} {run} {agents}"
                raise self.object(text)
            owners[project] = run
        if len(agents) > max(len(self.lived), self.slots):
            raise self.object(f"{len(agents)} agents live, {self.slots} may: {sorted(agents)}")

    # -- after a tick -----------------------------------------------------------------------

    def judge(self, seen: Seen | None) -> None:
        """Hold what a tick did, and who ended meanwhile, against what there was reason for.

        Args:
            seen: What the tick told; None where the controller was killed in it.
        """
        self.ticks += 1
        if seen is not None:
            self._judge_tick(seen)
        for run in sorted(path.name for path in self.world.runs.glob("*-*")):
            if run not in self.projects and (self.world.runs / run / "meta.json").exists():
                self._meet(run)
            if run in self.projects:
                self._judge_stop(run)
        for run in self.dead:
            self._judge_death(run)
        self.dead.clear()

    def _judge_tick(self, seen: Seen) -> None:
        done = [(type(o.action).__name__, o.action.project, o.action.reason, o.run or o.reason)
                for o in seen.outcomes]  # fmt: skip
        errors = {stage: text[-60:] for stage, text in seen.errors.items()}
        self.tell(f"tick {seen.now:%d.%H:%M:%S} {done or ''} {errors or ''}")
        rows = (
            [(p.name, p.status, p.reason, p.alive) for p in seen.report.projects]
            if seen.report
            else []
        )
        if rows != self.shown:
            self.tell(f"     {rows}")
            self.shown = rows
        if seen.defect:
            raise self.object(f"a defect: {seen.defect}")
        if self.world.stopped and "observe" not in seen.errors:
            raise self.object("the server hangs, and it was observed")
        if (not seen.planned or "observe" in seen.errors) and seen.outcomes:
            raise self.object("something was done without a plan, or without a good look")
        if seen.fresh:
            self.good = {row["Project"]: row for row in self.world.read_list()}
            for name in set(self.projects.values()):
                gone = self.absent.setdefault(name, [])
                gone.append(seen.now)
                if name in self.good:
                    gone.clear()
        self._judge_actions(seen)
        if seen.report and "store" not in seen.errors and "write" not in seen.errors:
            said = {p.name for p in seen.report.projects if p.status == "Completed"}
            written = {n for n, row in self.good.items() if row["Status"] == "Completed"}
            self.finished |= said & written

    def _judge_actions(self, seen: Seen) -> None:
        deleted = 0
        for outcome in seen.outcomes:
            action = outcome.action
            match action:
                case Sweep():
                    if action.run not in self.excused:
                        raise self.object(f"swept though nothing happened to it: {action}")
                case Remove():
                    runs = (
                        self.world.runs
                    )  # with a record, nothing but its shim's last breath lives
                    alive = [
                        s.run
                        for s in action.sessions
                        if s.alive and not (runs / s.run / "exit.json").exists()
                    ]
                    if not self.excused.issuperset(alive):
                        raise self.object(f"a living session was removed: {action}")
                case Stop():
                    deleted += action.reason == "RowDeleted"
                case Start():
                    row = self.good.get(action.project)
                    if row is None or not row["Next Action"]:
                        raise self.object(f"started, and nobody wants it: {action}")
                case _:
                    pass
        if deleted > 1 and not self.approved:
            raise self.object("many were stopped at once without the user's leave")

    def _judge_stop(self, run: str) -> None:
        request = self.world.stop_of(run)
        if request is None or run in self.judged:
            return
        self.judged.add(run)
        reason, project = request["reason"], self.projects[run]
        if project in self.unclear or self._reasonable(reason, project, run):
            return
        raise self.object(f"{project} ({run}) was stopped without a reason: {request}")

    def _reasonable(self, reason: str, project: str, run: str) -> bool:
        row = self.good.get(project)
        match reason:
            case "UserPause" | "UserBlock" | "UserDone":
                return self.words.get(project) == HALTS[reason] or run in self.reported
            case "Restart":
                return self.edited.get(project, -1) > self.born[run]
            case "RowDeleted":
                return row is None and self._long_gone(project)
            case "Preempted":
                own = int(row["Priority"]) if row else 0
                return any(
                    r["Priority"].isdigit() and int(r["Priority"]) < own for r in self.good.values()
                )
            case "Suspended":
                return (self.world.state / "suspended.json").exists()
            case "NoNextAction":
                return row is not None and not row["Next Action"]
            case "AgentBlocked":
                return run in self.reported
            case _:
                return False

    def _long_gone(self, project: str) -> bool:
        times = self.absent.get(project, [])
        steps = pairwise(times)
        whole = sum((max(b - a, timedelta()) for a, b in steps), timedelta())
        return self.approved or (len(times) >= 2 and whole >= timedelta(seconds=29))

    def _judge_death(self, run: str) -> None:
        if run in self.excused or run in self.judged or self.world.action(run) in SHORT:
            return
        record = self.world.runs / run / "exit.json"
        end = json.loads(record.read_bytes()) if record.exists() else "no record"
        raise self.object(f"{self.projects[run]} ({run}) died without a reason: {end}")

    # -- what the user does -----------------------------------------------------------------

    def edit(self, *names: str) -> None:
        """The user edits these rows."""
        self.edits += 1
        for name in names:
            self.edited[name] = self.edits

    def listen(self) -> dict[str, tuple[str, str]]:
        """What the rows say just before a tick."""
        rows = self.world.rows_or_none() or []
        pairs = {row["Project"]: (fold(row["Status"]), row["Last Update"]) for row in rows}
        for name, pair in pairs.items():
            if self._news(name, pair):
                self.finished.discard(name)  # it may start within the tick
        return pairs

    def heard(self, pairs: dict[str, tuple[str, str]], *, surely: bool) -> None:
        """The controller planned on these rows; not surely where it was killed."""
        for name, pair in pairs.items():
            if not self._news(name, pair):
                continue
            before = self.base.get(name)
            typed = pair[1] == before[1] if before is not None else not self.pairs.get(name)
            if surely and typed:
                self.words[name] = pair[0]
                self.unclear.discard(name)
            else:
                self.doubt(name)
        for row in self.world.rows_or_none() or []:
            name, pair = row["Project"], (fold(row["Status"]), row["Last Update"])
            if name in pairs and (surely or pair != pairs[name]):
                self.pairs.setdefault(name, set()).update({pairs[name], pair})
                self.base[name] = pair

    def _news(self, name: str, pair: tuple[str, str]) -> bool:
        """Whether a row says what it did not say before; an old buffer is no news."""
        before = self.base.get(name)
        older = before is not None and pair[1] != before[1] and pair in self.pairs.get(name, ())
        return pair != before and not older

    def forget(self) -> None:
        """The controller's memory is lost."""
        self.pairs.clear()

    def doubt(self, *names: str) -> None:
        """What these rows say may be read in several ways from now on."""
        self.unclear.update(names)
        self.finished.difference_update(names)
