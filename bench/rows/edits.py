"""Edits that get lost while the controller writes: a user who saves all the time, in every way.

One user edits one list, a hundred times a second and more, each time with another program. Beside
the user a real controller starts agents that end soon, so that it writes statuses all the time,
and a second writer of ours writes as often as it can. Now and then the user saves a buffer that is
old. In the end every edit must be in the list, and no agent may have worked twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import editors
from bench.beats import Beats
from bench.editors import Editors
from bench.options import Options
from bench.project import Project
from bench.table import Line, counted
from bench.world import World, wait_for

SECONDS = 60
ROWS = 200
"""Rows that are edited in turn, so that each has rested for a second when its turn comes again."""
EVERY = 100
"""After so many edits come one slow save, one stale one, and one new row that runs an agent."""
STALE = 0.15
PATIENCE = 10.0
"""Seconds within which an edit that a write met must be back."""
AT_MOST_ONE_IN = 3000
HEADER = "Project,Priority,Status,Agent,Last Update,Next Action,Reason,Beat,Note"
WORKS = "work, to the very end."
_AGENT = "append with an agent, in place"


def measure(options: Options) -> Iterator[Line]:
    """What was lost, by the way of saving, and what came of it."""
    seconds = options.rounds_of(SECONDS, quick=4)
    with World() as world:
        tally = _run(world, seconds, options)
    edits = sum(tally.edits.values())
    renamed = tally.of("rename")
    rate = edits / tally.seconds
    yield Line("edits", f"edits of one user's in {tally.seconds:.0f} s", rate, goal="≥ 100/s",
               met=rate >= 100, unit="/s", note=tally.ways())  # fmt: skip
    lost = sum(tally.lost.values()) - tally.lost_of("rename")
    yield counted("edits", f"lost of {edits - renamed} in place, appended, by vim", lost, 0, "lost")
    lost = tally.lost_of("rename")
    yield Line(
        "edits", f"lost of {renamed} saved by a rename", lost, goal=f"≤ 1 in {AT_MOST_ONE_IN}",
        met=lost <= max(1, renamed // AT_MOST_ONE_IN), unit="lost",
    )  # fmt: skip
    yield counted("edits", f"torn reads, of {tally.reads}", tally.torn, 0, "torn")
    yield counted("edits", f"agents that worked twice or on torn words, of {tally.agents}",
                  tally.again, 0, "agents")  # fmt: skip
    yield Line("edits", "writes of ours beside them", tally.writes / tally.seconds, unit="/s")


@dataclass(slots=True)
class Tally:
    """What happened."""

    seconds: float = 0.0
    edits: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    torn: int = 0
    writes: int = 0
    agents: int = 0
    again: int = 0

    def count(self, beats: Mapping[str, int]) -> None:
        """Add what the second writer saw."""
        self.reads, self.torn, self.writes = beats["reads"], beats["torn"], beats["writes"]

    def of(self, group: str) -> int:
        """Edits of a group of ways."""
        return sum(count for way, count in self.edits.items() if way.endswith(group))

    def lost_of(self, group: str) -> int:
        """Those that were lost."""
        return sum(count for way, count in self.lost.items() if way.endswith(group))

    def ways(self) -> str:
        """The edits of each way."""
        return ", ".join(
            f"{way} {count} ({self.lost[way]} lost)" for way, count in sorted(self.edits.items())
        )


def _run(world: World, seconds: float, options: Options) -> Tally:
    log = world.root / "worked"
    script = 'printf "%s\\n" "$1" >>"$2"; sleep 0.2'
    project = Project(world, slots=4, argv=("sh", "-c", script, "sh", "{prompt}", str(log)))
    names = [f"r{index:03d}" for index in range(ROWS)]
    rows = [f"{name},9,Paused,,,keep it,,,{name}-0" for name in names]
    rows += [f"s{index:03d},9,Paused,,,beat,,," for index in range(10)]
    project.list.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    project.run()
    wait_for("the controller's first statuses", lambda: "UserPaused" in project.list.read_text())
    tally = Tally()
    with closing(Editors(project.list)) as editors:
        user = _User(project.list, editors, names, tally, options)
        beats = Beats(project.list, len(rows))
        try:
            user.work(seconds)
        finally:
            tally.count(beats.end())
    user.check_all()
    _count_agents(log, user.agents, tally)
    return tally


def _count_agents(log: Path, agents: list[str], tally: Tally) -> None:
    def ran() -> list[str]:
        return log.read_text(encoding="utf-8").splitlines()

    wait_for("the end of every agent", lambda: len(set(ran())) >= len(agents))
    time.sleep(3)  # in which a stale status would start one again
    tally.agents = len(agents)
    wanted = {f"{name}: {WORKS}" for name in agents}
    counts = Counter(ran())
    tally.again = sum(count - (line in wanted) for line, count in counts.items())


class _User:
    """Edits one row after the other."""

    def __init__(
        self, path: Path, editors: Editors, names: list[str], tally: Tally, options: Options
    ) -> None:
        self._path = path
        self._editors = editors
        self._names = names
        self._tally = tally
        self._options = options
        self._last = {name: (f"{name}-0", "") for name in names}
        self._appended: dict[str, str] = {}
        self.agents: list[str] = []

    def work(self, seconds: float) -> None:
        """Edit for some time."""
        ways = [(f"{name}, in place", edit) for name, edit in self._editors.in_place.items()]
        slow = dict(ways).pop("halves, in place")
        ways = [(way, edit) for way, edit in ways if way != "halves, in place"]
        ways += [(f"{name}, by rename", edit) for name, edit in self._editors.renaming.items()] * 2
        began = time.monotonic()
        number = 0
        while time.monotonic() - began < seconds:
            number += 1
            name = self._names[number % len(self._names)]
            if number % EVERY == 0:
                self._edit("stale, in place", name, number, self._stale)
                self._new_agent(number)
                self._options.say(f"{time.monotonic() - began:.0f} of {seconds:.0f} s")
            elif number % EVERY == EVERY // 2:
                self._edit("halves, in place", name, number, slow)
            else:
                way, edit = ways[number % len(ways)]
                self._edit(way, name, number, edit)
        self._tally.seconds = time.monotonic() - began

    def check_all(self) -> None:
        """Hold the list against every row's last edit."""
        for name in self._names:
            self._check(name)
        for name, way in self._appended.items():
            if not self._within(partial(self._holds, name, name)):
                self._tally.lost[way] += 1
        for name in [name for name in self.agents if not self._within(partial(self._row, name))]:
            self._tally.lost[_AGENT] += 1
            self.agents.remove(name)

    def _edit(self, way: str, name: str, number: int, edit: editors.Edit) -> None:
        text = f"m{number}"
        self._tally.edits[way] += 1
        if way.startswith("append"):
            self._appended[text] = way
            edit(name, text)
            return
        self._check(name)
        edit(name, text)
        self._last[name] = (text, way)

    def _stale(self, name: str, text: str) -> None:
        self._editors.stale(name, text, STALE)

    def _new_agent(self, number: int) -> None:
        name = f"a{number}"
        self._tally.edits[_AGENT] += 1
        self._editors.append_row(f'{name},1,,,,"{name}: {WORKS}",,,')
        self.agents.append(name)

    def _check(self, name: str) -> None:
        text, way = self._last[name]
        if not self._within(partial(self._holds, name, text)):
            self._tally.lost[way] += 1

    def _within(self, look: Callable[[], object]) -> bool:
        with suppress(TimeoutError):
            wait_for("the edit", look, PATIENCE)
            return True
        return False

    def _holds(self, name: str, text: str) -> bool:
        return self._row(name).rpartition(",")[2] == text

    def _row(self, name: str) -> str:
        """A project's line; empty where there is none."""
        content = "\n" + self._path.read_text(encoding="utf-8")
        start = content.find(f"\n{name},")
        return content[start + 1 :].partition("\n")[0] if start >= 0 else ""
