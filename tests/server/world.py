"""A controller as the server sees it: in memory, with every answer at hand."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone

from controller.core.conditions import Condition, ConditionType
from controller.core.detail import ActionView, PlanView, ProjectDetail, RunView, ScreenView
from controller.core.errors import NotFound
from controller.core.events import Entry
from controller.core.names import pick
from controller.core.report import AgentView, ProjectView, Report, SourceView
from controller.server import Server

TOKEN = "t0ken-" + 40 * "x"
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=timezone(timedelta(hours=2)))
ALPHA = ProjectView(
    name="Alpha", status="In Progress", reason="Running", message="it runs", agent="claude",
    agent_running="claude", line=2, priority=1, next_action="do it", deadline=date(2026, 5, 1),
    overdue=True, gpu=True, model="Opus", desired_running=True, since=NOW, session="alpha",
    alive=True, run="run-1", folder="/work/alpha", started_at=NOW, conversation="c-1",
    waiting_since=NOW, activity_at=NOW, idle_since=NOW, crashes=2, next_retry=NOW,
    last_exit="it ended", last_status=1,
    conditions=tuple(Condition(kind, True, "Running", "ä", NOW) for kind in ConditionType),
)  # fmt: skip
BETA = ProjectView("Alpha/Beta ä", "Blocked", "CrashLoop", "it crashes", "codex")
GAMMA = ProjectView("Gamma", "Queued", "NoSlot", "", "claude")
ACTION = ActionView("Wait", "Gamma", "NoSlot", "all slots are in use", NOW)
REPORT = Report(
    NOW, SourceView("csv", "list.csv", True, "", NOW, NOW, 3, 1), (ALPHA, BETA, GAMMA),
    runtime_up=True, slots=4, gpus=1, gpus_used=1, agents=(AgentView("claude", 2, 1),),
    restart_needed=("server.port",), suspended="", prune="", errors={"write": "disk full"},
    server="http://127.0.0.1:9600",
)  # fmt: skip
RUN = RunView("run-1", "claude", False, "c-1", NOW, NOW, NOW, "Crashed", "Exited", "1", 1)

SCREEN = ("\x1b[1;31mred\x1b[0m and <b>plain</b>", "second")


def entry(seq: int, project: str = "Alpha", message: str = "it began") -> Entry:
    """An event."""
    return Entry(seq, NOW, NOW.astimezone(UTC), 2, project, "Start", message, True)


@dataclass
class World:
    """A backend whose every answer a test can set.

    Attributes:
        orders: What was asked for, in its order.
        failure: What every call but the looks raises.
        gate: While it is not set, orders wait.
        waiting: Set once an order waits.
        lines: What a project's screen shows.
        meanwhile: What happens right after the next read of the journal.
    """

    is_healthy: bool = True
    is_ready: bool = True
    stages: dict[str, str] = field(default_factory=dict)
    known: Report | None = REPORT
    journal: list[Entry] = field(default_factory=list)
    number: int = 7
    orders: list[tuple[str, ...]] = field(default_factory=list)
    failure: Exception | None = None
    journal_failure: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)
    meanwhile: list[Entry] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=lambda: [*SCREEN])

    def __post_init__(self) -> None:
        self.gate.set()

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """One metric, in whatever form."""
        self.accepted.append(accept)
        return b"# TYPE sidekick_test gauge\nsidekick_test 42.0\n", CONTENT_TYPE

    def begin_anew(self) -> None:
        """All is well again."""
        vars(self).update(vars(World()))

    def server(
        self, host: str = "127.0.0.1", port: int = 0, *, open_reading: bool = True
    ) -> Server:
        """A server that shows it, not started."""
        return Server(
            host, port, self.exposition, self, token=TOKEN, open_reading=open_reading,
            names=("controller",),
        )  # fmt: skip

    @contextmanager
    def serving(self, *, open_reading: bool = True) -> Iterator[Server]:
        """A running server."""
        server = self.server(open_reading=open_reading)
        server.start()
        try:
            yield server
        finally:
            self.gate.set()
            server.close()

    def happens(self, *entries: Entry) -> None:
        """Something is written into the journal."""
        self.journal = [*self.journal, *entries]
        self.number += 1

    def healthy(self) -> bool:
        """As set."""
        return self.is_healthy

    def ready(self) -> bool:
        """As set."""
        return self.is_ready

    def faults(self) -> Mapping[str, str]:
        """As set."""
        return self.stages

    def report(self) -> Report | None:
        """As set."""
        return self.known

    def revision(self) -> int:
        """As set."""
        return self.number

    def events(self, *, after: int = 0, project: str | None = None, last: int = 100) -> list[Entry]:
        """As the journal reads."""
        if self.journal_failure:
            raise self.journal_failure
        found = [e for e in self.journal if e.seq > after and project in {None, e.project}]
        if self.meanwhile:
            late, self.meanwhile = self.meanwhile, []
            self.happens(*late)
        return found[-last:]

    def plan(self) -> PlanView:
        """A plan with a wait."""
        self._order("plan")
        return PlanView(NOW, (ACTION,), (("read", "no list"),), "", known=True)

    def describe(self, name: str) -> ProjectDetail:
        """One of the projects."""
        if self.failure:
            raise self.failure
        full = self._pick(name)
        project = next(p for p in (self.known or REPORT).projects if p.name == full)
        return ProjectDetail(project, (ACTION,), (RUN,), (entry(1),), ("last line",))

    def screen(self, name: str) -> ScreenView:
        """As set."""
        return ScreenView(tuple(self.lines), live=True)

    def reconcile(self) -> PlanView:
        """A plan with a start."""
        self._order("reconcile")
        return PlanView(NOW, (ActionView("Start", "Alpha", "Wanted", "begins"),))

    def pause(self, name: str, message: str) -> str:
        """Remembered."""
        return self._named("pause", name, message)

    def resume(self, name: str, message: str) -> str:
        """Remembered."""
        return self._named("resume", name, message)

    def restart(self, name: str, message: str) -> str:
        """Remembered."""
        return self._named("restart", name, message)

    def answer(self, name: str, text: str) -> str:
        """Remembered."""
        return self._named("answer", name, text)

    def release(self, agent: str) -> str:
        """Remembered, where there is such an agent."""
        if agent not in {one.name for one in REPORT.agents}:
            raise NotFound("UnknownAgent", f"no agent {agent}")
        self._order("release", agent)
        return agent

    def suspend(self, message: str) -> None:
        """Remembered."""
        self._order("suspend", message)

    def resume_fleet(self) -> bool:
        """Remembered."""
        self._order("resume_fleet")
        return True

    def approve_prune(self, digest: str) -> str:
        """As the controller does it."""
        self._order("approve_prune", digest)
        blocked = self.known.prune if self.known else ""
        if not blocked:
            raise NotFound("NothingBlocked", "no rows vanished that wait for a word")
        if digest != blocked:
            raise NotFound("PlanChanged", f"the plan changed: it is {blocked} now")
        return blocked

    def blocks(self, digest: str) -> None:
        """A mass stop waits for a word."""
        self.known = replace(REPORT, prune=digest)

    def _named(self, order: str, name: str, message: str) -> str:
        full = self._pick(name)
        self._order(order, full, message)
        return full

    def _pick(self, name: str) -> str:
        return pick(name, [project.name for project in (self.known or REPORT).projects])

    def _order(self, *words: str) -> None:
        self.orders.append(words)
        if not self.gate.is_set():
            self.waiting.set()
            assert self.gate.wait(30)
        if self.failure:
            raise self.failure
