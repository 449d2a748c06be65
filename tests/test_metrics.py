"""The metrics: what a scraper reads, and what it never has to."""

import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from controller import __version__
from controller.core.conditions import Condition, ConditionType
from controller.core.report import ProjectView, Report, SourceView
from controller.core.words import Status
from controller.metrics import ACTIONS, PHASES, STAGES, Metrics

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = SourceView("csv", "list.csv", True, "", NOW, NOW, 3, 1)


def condition(kind: ConditionType, status: bool) -> Condition:
    """An answer."""
    return Condition(kind, status, "Reason", "words", NOW - timedelta(seconds=60))


def project(name: str, **fields: object) -> ProjectView:
    """A project of which everything is known."""
    full: dict[str, object] = {
        "status": "In Progress", "reason": "Running", "message": "", "agent": "claude",
        "priority": 2, "deadline": date(2026, 3, 4), "desired_running": True, "alive": True,
        "started_at": NOW, "activity_at": NOW, "next_retry": NOW, "last_status": 3,
        "conditions": tuple(condition(kind, False) for kind in ConditionType),
    }  # fmt: skip
    return ProjectView(name=name, **{**full, **fields})  # type: ignore[arg-type]


def report(*names: str, **fields: object) -> Report:
    """A report on these projects."""
    views = tuple(project(name) for name in names)
    return Report(NOW, SOURCE, views, True, slots=4, **fields)  # type: ignore[arg-type]


def busy() -> Metrics:
    """Metrics with something in each."""
    metrics = Metrics()
    metrics.restarted("A", "Crashed")
    metrics.publish(report("A", "B"))
    return metrics


def text(metrics: Metrics) -> str:
    """What a scraper reads."""
    return generate_latest(metrics.registry).decode()


def families(metrics: Metrics) -> list[Metric]:
    """What it understands."""
    return list(text_string_to_metric_families(text(metrics)))


def series(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every series and its value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families(metrics)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """One series' value."""
    return series(metrics).get((f"sidekick_{name}", tuple(sorted(labels.items()))))


class TestForm:
    """The exposition's form."""

    @pytest.mark.parametrize("metrics", [Metrics(), busy()], ids=["at first", "busy"])
    def test_it_parses(self, metrics: Metrics) -> None:
        """Prometheus' own parser reads it, every family is explained, no series stands twice."""
        found = families(metrics)
        assert found
        assert all(family.documentation for family in found)
        names = Counter(family.name for family in found)
        assert max(names.values()) == 1
        lines = [line for line in text(metrics).splitlines() if not line.startswith("#")]
        assert len(lines) == len(series(metrics))

    def test_names(self) -> None:
        """Names have the one prefix, base units, and the endings of their kinds."""
        for family in families(busy()):
            assert re.fullmatch(r"sidekick_[a-z][a-z_]*[a-z]", family.name)
            assert not re.search(r"_(ms|millis|minutes|hours|days|kb|mb)\b", family.name)
            assert family.type != "unknown"
            if family.name.endswith("_created"):
                continue
            if re.search("duration|timestamp|activity|retry|deadline|start_|since", family.name):
                assert family.name.endswith("_seconds")
            for sample in family.samples:
                if family.type == "counter":
                    assert sample.name.endswith("_total")
            if family.type == "gauge":
                assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))

    def test_no_created(self) -> None:
        """Nobody needs a series that says when another was made."""
        assert "_created" not in text(busy())

    def test_labels(self) -> None:
        """Labels are few, and never a path, a pid, a text or a line."""
        allowed = {
            "result", "stage", "action", "phase", "le", "version", "validity", "project", "state",
            "type", "status", "reason",
        }  # fmt: skip
        assert allowed >= {name for _, labels in series(busy()) for name, _ in labels}

    @pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not on the PATH")
    def test_promtool(self) -> None:
        """Prometheus' own linter finds nothing."""
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=text(busy()), capture_output=True, text=True,
            timeout=20, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


class TestAtFirst:
    """Before the first tick."""

    def test_known_labels_are_zero(self) -> None:
        """Every known combination of labels is there, 0, so that rates and alerts work at once."""
        metrics = Metrics()
        for result in ("success", "error"):
            assert value(metrics, "reconcile_total", result=result) == 0
            assert value(metrics, "source_reads_total", result=result) == 0
            for action in ACTIONS:
                assert value(metrics, "actions_total", action=action, result=result) == 0
        for stage in STAGES:
            assert value(metrics, "reconcile_errors_total", stage=stage) == 0
        for phase in PHASES:
            assert value(metrics, "reconcile_phase_duration_seconds_count", phase=phase) == 0
        for action in ACTIONS:
            assert value(metrics, "action_duration_seconds_count", action=action) == 0
        assert value(metrics, "reconcile_duration_seconds_count") == 0
        assert value(metrics, "source_read_duration_seconds_count") == 0

    def test_version(self) -> None:
        """The version is told."""
        assert value(Metrics(), "build_info", version=__version__) == 1

    def test_nothing_is_claimed(self) -> None:
        """What was not looked at yet has no series: neither up nor down."""
        names = {name for name, _ in series(Metrics())}
        assert not any(
            word in name for name in names for word in ("project", "runtime_up", "valid", "slots")
        )


class TestReport:
    """What the newest report says."""

    def test_loop_and_source(self) -> None:
        """The loop, the list and the sessions' place."""
        metrics = busy()
        stamp = NOW.timestamp()
        for name, expected in {
            "reconcile_last_success_timestamp_seconds": stamp, "runtime_up": 1, "slots": 4,
            "suspended": 0, "prune_blocked": 0, "source_valid": 1,
            "source_last_success_timestamp_seconds": stamp,
            "source_last_change_timestamp_seconds": stamp,
        }.items():  # fmt: skip
            assert expected == value(metrics, name), name
        assert value(metrics, "source_rows", validity="valid") == 2
        assert value(metrics, "source_rows", validity="invalid") == 1

        metrics.publish(
            Report(
                NOW, SourceView("csv", "x"), suspended="why", prune="digest", errors={"read": ""}
            )
        )
        for name, there in {
            "runtime_up": 0, "suspended": 1, "prune_blocked": 1, "source_valid": 0,
        }.items():  # fmt: skip
            assert there == value(metrics, name), name
        assert value(metrics, "source_last_success_timestamp_seconds") is None

    def test_errors_do_not_move_the_last_success(self) -> None:
        """A tick with errors is no success."""
        metrics = Metrics()
        metrics.publish(report("A"))
        later = NOW + timedelta(hours=1)
        metrics.publish(Report(later, SOURCE, errors={"act": "x"}))
        assert NOW.timestamp() == value(metrics, "reconcile_last_success_timestamp_seconds")

    def test_project(self) -> None:
        """A project's states and times."""
        metrics = busy()
        stamp = NOW.timestamp()
        for name, expected in {
            "desired_running": 1, "running": 1, "priority": 2, "last_exit_code": 3,
            "deadline_timestamp_seconds": datetime(2026, 3, 5, tzinfo=UTC).timestamp(),
            "start_timestamp_seconds": stamp, "last_activity_timestamp_seconds": stamp,
            "next_retry_timestamp_seconds": stamp,
            "out_of_sync_since_timestamp_seconds": stamp - 60,
        }.items():  # fmt: skip
            assert expected == pytest.approx(value(metrics, f"project_{name}", project="A")), name
        assert value(metrics, "project_restarts_total", project="A", reason="Crashed") == 1

    @pytest.mark.parametrize("status", [*(word.value for word in Status), "Tyop"])
    def test_state_set(self, status: str) -> None:
        """Of all states exactly the project's is 1; a word that is none makes all 0."""
        metrics = Metrics()
        metrics.publish(Report(NOW, SOURCE, (project("A", status=status),)))
        found = {word.value: value(metrics, "project_state", project="A", state=word.value)
                 for word in Status}  # fmt: skip
        assert {word.value: float(word.value == status) for word in Status} == found

    def test_conditions(self) -> None:
        """Of a condition's two statuses one is 1."""
        metrics = Metrics()
        known = (condition(ConditionType.READY, True), condition(ConditionType.STALLED, False))
        metrics.publish(Report(NOW, SOURCE, (project("A", conditions=known),)))
        assert {
            (kind, status): value(
                metrics, "project_condition", project="A", type=kind, status=status
            )
            for kind, status in (("Ready", "true"), ("Ready", "false"), ("Stalled", "true"),
                                 ("Stalled", "false"), ("Accepted", "true"))
        } == {
            ("Ready", "true"): 1, ("Ready", "false"): 0, ("Stalled", "true"): 0,
            ("Stalled", "false"): 1, ("Accepted", "true"): None,
        }  # fmt: skip

    def test_what_is_not_known_has_no_series(self) -> None:
        """A project that never ran has neither times nor an exit status; no priority is 1000."""
        metrics = Metrics()
        bare = ProjectView("A", "Queued", "NoSlot", "", "", priority=None)
        metrics.publish(Report(NOW, SOURCE, (bare,)))
        assert value(metrics, "project_priority", project="A") == 1000
        assert not [name for name, _ in series(metrics) if "project" in name and "seconds" in name]
        assert value(metrics, "project_last_exit_code", project="A") is None

    def test_rows_that_have_no_name_or_the_same(self) -> None:
        """Rows without a name have no series, rows with one name share theirs."""
        metrics = Metrics()
        metrics.publish(report("", "A", "A"))
        assert {"A"} == {
            text for _, labels in series(metrics) for key, text in labels if key == "project"
        }


class TestCardinality:
    """The number of series is bounded by what is in the list."""

    def test_a_removed_project_vanishes(self) -> None:
        """With a row go all its series, restarts too; back again it begins anew."""
        metrics = busy()
        metrics.restarted("B", "Lost")
        metrics.publish(report("B"))
        assert 'project="A"' not in text(metrics)
        assert value(metrics, "project_restarts_total", project="B", reason="Lost") == 1
        metrics.publish(report("A", "B"))
        assert value(metrics, "project_restarts_total", project="A", reason="Crashed") is None

    def test_flat(self) -> None:
        """A thousand ticks of coming and going projects leave as many series as one."""
        metrics = Metrics()
        sizes = []
        for tick in range(1000):
            names = [f"P{tick}-{number}" for number in range(5)]
            for name in names:
                metrics.restarted(name, "Crashed")
            metrics.ticks.labels("success").inc()
            metrics.publish(report(*names))
            if tick in {0, 1, 500, 999}:
                sizes.append(len(series(metrics)))
        assert len(set(sizes)) == 1

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
    @example('"} sidekick_slots 99\n# HELP x y\n')
    @example("back\\slash\\n\r\t\0")
    @example("日本 🚀 \u2028\x85")
    @settings(deadline=None, max_examples=40)
    def test_hostile_names(self, name: str) -> None:
        """Whatever a project is called, it is one label value, and no line of its own."""
        metrics = Metrics()
        metrics.restarted(name, name)
        metrics.publish(report(name))
        body = generate_latest(metrics.registry).decode()
        plain = Metrics()
        plain.restarted("A", "B")
        plain.publish(report("A"))
        assert text(plain).count("\n") == body.count("\n")
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
        assert f'sidekick_project_running{{project="{escaped}"}} 1.0\n' in body
        assert value(metrics, "slots") == 4
