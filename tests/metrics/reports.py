"""Reports to show, and what a scraper makes of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from controller.core.actions import Outcome, Plan, Start
from controller.core.conditions import Condition, ConditionType
from controller.core.memory import Memory, ProjectMemory
from controller.core.observed import Ending, Observed, Result
from controller.core.report import AgentView, ProjectView, Report, SourceView
from controller.core.workload import Workload
from controller.metrics import Metrics
from tests.core import world

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = SourceView("csv", "list.csv", True, "", NOW, NOW, 3, 1)
AGENTS = (AgentView("claude", 2, 1), AgentView("codex", 2, 3, "UsageLimit", "until then", NOW))
_RUN = world.run()

Labels = tuple[tuple[str, str], ...]


def condition(kind: ConditionType, status: bool) -> Condition:
    """An answer."""
    return Condition(kind, status, "Reason", "words", NOW - timedelta(seconds=60))


def project(name: str, **fields: object) -> ProjectView:
    """A project of which everything is known."""
    full: dict[str, object] = {
        "status": "In Progress", "reason": "Running", "message": "", "agent": "claude",
        "line": 2, "model": "opus", "priority": 2, "deadline": date(2026, 3, 4), "overdue": False,
        "desired_running": True, "alive": True, "started_at": NOW, "activity_at": NOW,
        "idle_since": NOW, "waiting_since": NOW, "next_retry": NOW, "last_status": 3,
        "conditions": tuple(condition(kind, False) for kind in ConditionType),
    }  # fmt: skip
    return ProjectView(name=name, **{**full, **fields})  # type: ignore[arg-type]


def bare(name: str = "A", **fields: object) -> ProjectView:
    """A project of which nothing is known but its row."""
    full: dict[str, object] = {"message": "", "agent": "", "line": 2}
    return ProjectView(name, "Queued", "Capacity", **{**full, **fields})  # type: ignore[arg-type]


def report(*names: str, **fields: object) -> Report:
    """A report on these projects."""
    return report_on(*(project(name) for name in names), **fields)


def report_on(*views: ProjectView, **fields: object) -> Report:
    """A report on these views."""
    full: dict[str, object] = {"slots": 4, "gpus": 2, "gpus_used": 1, "agents": AGENTS}
    return Report(NOW, SOURCE, views, True, **{**full, **fields})  # type: ignore[arg-type]


def restart(metrics: Metrics, name: str, reason: str = "Crashed") -> None:
    """Let a project start again whose last run ended so."""
    ended = replace(_RUN, result=Result(Ending.CRASHED, reason, "", NOW))
    work = Workload(
        project=name, slug="s", agent="claude", model="", prompt="p", folder="/w",
        words=ended.words,
    )  # fmt: skip
    start = Start(work, (), "Wanted", "")
    plan = Plan((start,), memory=Memory({name: ProjectMemory("s", run=ended.id)}))
    metrics.acted(plan, Observed(runs={ended.id: ended}), (Outcome(start, run="new"),))


def busy() -> Metrics:
    """Metrics with something in each family."""
    metrics = Metrics()
    restart(metrics, "A")
    metrics.publish(report("A", "B"))
    return metrics


def text(metrics: Metrics) -> str:
    """What a scraper reads."""
    return metrics.exposition()[0].decode()


def families(metrics: Metrics) -> list[Metric]:
    """What it understands."""
    return list(text_string_to_metric_families(text(metrics)))


def openmetrics_families(body: bytes) -> list[Metric]:
    """What a scraper understands that asked for OpenMetrics."""
    read = openmetrics.text_string_to_metric_families
    return list(read(body.decode()))  # type: ignore[no-untyped-call] # it has no types


def series(metrics: Metrics) -> dict[tuple[str, Labels], float]:
    """Every series and its value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families(metrics)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """One series' value."""
    return series(metrics).get((f"sidekick_{name}", tuple(sorted(labels.items()))))
