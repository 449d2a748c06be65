"""Every metric: counters of the loop, and a collector over the newest report.

Per-project series come from one immutable report, so that a removed row's series vanish.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Set
from datetime import UTC, datetime, time

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from controller import __version__
from controller.core.conditions import ConditionType
from controller.core.report import ProjectView, Report
from controller.core.words import Status

disable_created_metrics()  # type: ignore[no-untyped-call] # its series tell nobody anything

PREFIX = "sidekick"
STAGES = ("read", "observe", "plan", "act", "store", "write")
ACTIONS = ("Start", "Stop", "Restart", "Sweep", "Remove")
PHASES = ("read", "observe", "plan", "act", "report")
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics(Collector):
    """All metrics of one controller, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.report: Report | None = None
        self.last_success: float = 0.0
        self._restarts: Tally[tuple[str, str]] = Tally()

        def counter(name: str, text: str, labels: tuple[str, ...]) -> Counter:
            return Counter(name, text, labels, namespace=PREFIX, registry=self.registry)

        def histogram(name: str, text: str, labels: tuple[str, ...] = ()) -> Histogram:
            return Histogram(
                name, text, labels, namespace=PREFIX, registry=self.registry, buckets=_FAST
            )

        self.ticks = counter("reconcile", "Ticks by result.", ("result",))
        self.errors = counter("reconcile_errors", "Failures in ticks by stage.", ("stage",))
        self.actions = counter("actions", "Actions by result.", ("action", "result"))
        self.reads = counter("source_reads", "Reads of the list by result.", ("result",))
        self.tick_seconds = histogram("reconcile_duration_seconds", "Duration of a tick.")
        self.phase_seconds = histogram(
            "reconcile_phase_duration_seconds", "Duration of a tick's phases.", ("phase",)
        )
        self.read_seconds = histogram("source_read_duration_seconds", "Duration of a read.")
        self.action_seconds = histogram(
            "action_duration_seconds", "Duration of an action.", ("action",)
        )
        for result in ("success", "error"):
            self.ticks.labels(result)
            self.reads.labels(result)
            for action in ACTIONS:
                self.actions.labels(action, result)
        for stage in STAGES:
            self.errors.labels(stage)
        for phase in PHASES:
            self.phase_seconds.labels(phase)
        for action in ACTIONS:
            self.action_seconds.labels(action)
        self.registry.register(self)

    def restarted(self, project: str, reason: str) -> None:
        """Count a start of a project that ran before; `reason` is how its last run ended."""
        self._restarts[project, reason] += 1

    def publish(self, report: Report) -> None:
        """Show another report, and forget the counts of projects that are gone."""
        names: Set[str] = {project.name for project in report.projects}
        for key in [key for key in self._restarts if key[0] not in names]:
            del self._restarts[key]
        self.report = report
        if not report.errors:
            self.last_success = report.at.timestamp()

    def collect(self) -> Iterator[Metric]:
        """The metrics that come from the newest report."""
        info = InfoMetricFamily(f"{PREFIX}_build", "The running version.")
        info.add_metric([], {"version": __version__})
        yield info
        report = self.report
        if report is None:
            return
        yield _gauge("reconcile_last_success_timestamp_seconds", "Last tick without an error.",
                     self.last_success)  # fmt: skip
        yield _gauge("runtime_up", "Whether the sessions could be observed.", report.runtime_up)
        yield _gauge("slots", "Sessions allowed at once.", report.slots)
        yield _gauge("suspended", "Whether the whole fleet rests.", bool(report.suspended))
        yield _gauge("prune_blocked", "Whether a mass stop waits for the user's word.",
                     bool(report.prune))  # fmt: skip
        yield from _source(report)
        yield from _projects(report.projects)
        restarts = CounterMetricFamily(
            f"{PREFIX}_project_restarts", "Starts after the first, by how the run before ended.",
            labels=("project", "reason"),
        )  # fmt: skip
        for (project, reason), count in sorted(self._restarts.copy().items()):
            restarts.add_metric([project, reason], count)
        yield restarts


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=float(value))


def _source(report: Report) -> Iterator[Metric]:
    source = report.source
    yield _gauge("source_valid", "Whether the newest read of the list was good.", source.valid)
    rows = GaugeMetricFamily(f"{PREFIX}_source_rows", "Rows of the list.", labels=("validity",))
    rows.add_metric(["valid"], source.rows - source.invalid)
    rows.add_metric(["invalid"], source.invalid)
    yield rows
    for name, text, at in (
        ("source_last_success_timestamp_seconds", "Last good read.", source.read_at),
        ("source_last_change_timestamp_seconds", "Last read that differed.", source.changed_at),
    ):
        if at:
            yield _gauge(name, text, at.timestamp())


def _projects(projects: tuple[ProjectView, ...]) -> Iterator[Metric]:
    def family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"{PREFIX}_project_{name}", text, labels=("project", *labels))

    wanted = family("desired_running", "Whether the row wants the project to run.")
    running = family("running", "Whether its agent runs.")
    state = family("state", "1 for the state that the project is in.", "state")
    condition = family("condition", "1 for the status that a condition has.", "type", "status")
    priority = family("priority", "Priority; 1 is first, 1000 stands for none.")
    exit_code = family("last_exit_code", "Exit status of the last run.")
    times = {
        "deadline": family("deadline_timestamp_seconds", "End of the deadline's day, UTC."),
        "start": family("start_timestamp_seconds", "Start of the living run."),
        "activity": family("last_activity_timestamp_seconds", "Last output of the living run."),
        "retry": family("next_retry_timestamp_seconds", "Next start after a failure."),
        "sync": family("out_of_sync_since_timestamp_seconds", "Since when it is not as wanted."),
    }
    named = {project.name: project for project in projects if project.name}
    for name, project in named.items():
        wanted.add_metric([name], project.desired_running)
        running.add_metric([name], project.alive)
        for word in Status:
            state.add_metric([name, word.value], project.status == word.value)
        for item in project.conditions:
            for status in (True, False):
                condition.add_metric([name, item.type.value, str(status).lower()],
                                     item.status is status)  # fmt: skip
        priority.add_metric([name], project.priority or 1000)
        if project.last_status is not None:
            exit_code.add_metric([name], project.last_status)
        for key, at in _times(project).items():
            if at is not None:
                times[key].add_metric([name], at.timestamp())
    yield from (wanted, running, state, condition, priority, exit_code, *times.values())


def _times(project: ProjectView) -> dict[str, datetime | None]:
    ready = next((c for c in project.conditions if c.type is ConditionType.READY), None)
    out_of_sync = project.desired_running and ready is not None and not ready.status
    return {
        "deadline": datetime.combine(project.deadline, time.max, UTC) if project.deadline else None,
        "start": project.started_at,
        "activity": project.activity_at,
        "retry": project.next_retry,
        "sync": ready.last_transition_time if out_of_sync and ready else None,
    }
