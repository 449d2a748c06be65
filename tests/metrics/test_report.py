"""What the newest report says."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from controller.core.conditions import ConditionType
from controller.core.report import Report, SourceView
from controller.core.words import Status
from controller.metrics import Metrics
from tests.metrics.reports import (
    NOW,
    SOURCE,
    bare,
    busy,
    condition,
    project,
    report,
    report_on,
    series,
    text,
    value,
)


def shown(*projects: object, **fields: object) -> Metrics:
    """Metrics that show a report on these projects."""
    metrics = Metrics()
    metrics.publish(report_on(*projects, **fields))  # type: ignore[arg-type]
    return metrics


class TestFleet:
    """The loop, the list and what is given out."""

    def test_all_is_well(self) -> None:
        """Each is 1 or a time."""
        metrics = busy()
        stamp = NOW.timestamp()
        for name, expected in {
            "reconcile_last_success_timestamp_seconds": stamp, "runtime_up": 1, "slots": 4,
            "suspended": 0, "prune_blocked": 0, "demo": 0, "restart_needed": 0, "source_valid": 1,
            "source_writable": 1,
            "source_last_success_timestamp_seconds": stamp,
            "source_last_change_timestamp_seconds": stamp,
        }.items():  # fmt: skip
            assert expected == value(metrics, name), name
        assert value(metrics, "source_info", kind="csv") == 1
        assert value(metrics, "source_rows", validity="valid") == 2
        assert value(metrics, "source_rows", validity="invalid") == 1

    def test_nothing_is_well(self) -> None:
        """Each fault and each halt is told; a read that never was has no time."""
        metrics = Metrics()
        metrics.publish(
            Report(
                NOW, SourceView("csv", "x", refusal="protected"), suspended="why", prune="digest",
                demo=True, errors={"read": ""}, restart_needed=("server.port",),
            )
        )  # fmt: skip
        for name, there in {
            "runtime_up": 0, "suspended": 1, "prune_blocked": 1, "demo": 1, "restart_needed": 1,
            "source_valid": 0, "source_writable": 0, "reconcile_last_success_timestamp_seconds": 0,
        }.items():  # fmt: skip
            assert there == value(metrics, name), name
        assert value(metrics, "source_last_success_timestamp_seconds") is None
        assert value(metrics, "source_last_change_timestamp_seconds") is None

    def test_errors_do_not_move_the_last_success(self) -> None:
        """A tick with errors is no success."""
        metrics = Metrics()
        metrics.publish(report("A"))
        later = NOW + timedelta(hours=1)
        metrics.publish(Report(later, SOURCE, errors={"act": "x"}))
        assert NOW.timestamp() == value(metrics, "reconcile_last_success_timestamp_seconds")

    def test_slots_and_gpus(self) -> None:
        """Used and free; where more is used than there is, nothing is free."""
        metrics = busy()
        assert {
            (agent, state): value(metrics, "agent_slots", agent=agent, state=state)
            for agent in ("claude", "codex")
            for state in ("used", "free")
        } == {
            ("claude", "used"): 1, ("claude", "free"): 1,
            ("codex", "used"): 3, ("codex", "free"): 0,
        }  # fmt: skip
        assert value(metrics, "gpus", state="used") == 1
        assert value(metrics, "gpus", state="free") == 1

    def test_agents_go_with_the_settings(self) -> None:
        """An agent that the settings no longer have has no series."""
        metrics = busy()
        metrics.publish(report("A", agents=()))
        assert "sidekick_agent_slots{" not in text(metrics)


class TestProject:
    """A project's states and times."""

    def test_values(self) -> None:
        """All that is known of it."""
        metrics = busy()
        stamp = NOW.timestamp()
        for name, expected in {
            "desired_running": 1, "running": 1, "priority": 2, "overdue": 0, "last_exit_code": 3,
            "deadline_timestamp_seconds": datetime(2026, 3, 5, tzinfo=UTC).timestamp(),
            "start_timestamp_seconds": stamp, "last_activity_timestamp_seconds": stamp,
            "idle_since_timestamp_seconds": stamp, "waiting_since_timestamp_seconds": stamp,
            "next_retry_timestamp_seconds": stamp,
            "out_of_sync_since_timestamp_seconds": stamp - 60,
        }.items():  # fmt: skip
            assert expected == pytest.approx(value(metrics, f"project_{name}", project="A")), name
        assert value(metrics, "project_info", project="A", agent="claude", model="opus") == 1

    @pytest.mark.parametrize("status", [*(word.value for word in Status), "Tyop"])
    def test_state_set(self, status: str) -> None:
        """Of all states exactly the project's is 1; a word that is none makes all 0."""
        metrics = shown(project("A", status=status))
        found = {word.value: value(metrics, "project_state", project="A", state=word.value)
                 for word in Status}  # fmt: skip
        assert {word.value: float(word.value == status) for word in Status} == found

    def test_conditions(self) -> None:
        """Of a condition's two statuses one is 1."""
        known = (condition(ConditionType.READY, True), condition(ConditionType.STALLED, False))
        metrics = shown(project("A", conditions=known))
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

    def test_only_the_present_reason(self) -> None:
        """The reason that the row shows has a series, the one before it none."""
        metrics = shown(project("A", reason="Running"))
        assert value(metrics, "project_reason", project="A", reason="Running") == 1
        metrics.publish(report_on(project("A", reason="CrashLoop")))
        assert value(metrics, "project_reason", project="A", reason="CrashLoop") == 1
        assert value(metrics, "project_reason", project="A", reason="Running") is None

    def test_overdue(self) -> None:
        """It agrees with the deadline's time: the day ends where the controller lives."""
        here = timezone(timedelta(hours=-8))
        at = datetime(2026, 3, 5, 0, 0, 1, tzinfo=here)
        late = project("A", deadline=date(2026, 3, 4), overdue=True)
        metrics = Metrics()
        metrics.publish(Report(at, SOURCE, (late,)))
        assert value(metrics, "project_overdue", project="A") == 1
        ends = value(metrics, "project_deadline_timestamp_seconds", project="A")
        assert ends is not None
        assert at.timestamp() - 2 < ends < at.timestamp()

    @pytest.mark.parametrize("day", [date.min, date.max])
    @pytest.mark.parametrize("hours", [-12, 14])
    def test_a_deadline_at_the_end_of_time(self, day: date, hours: int) -> None:
        """Every date that a row may hold is a time."""
        zone = timezone(timedelta(hours=hours))
        metrics = Metrics()
        metrics.publish(Report(NOW.astimezone(zone), SOURCE, (project("A", deadline=day),)))
        ends = value(metrics, "project_deadline_timestamp_seconds", project="A")
        assert ends is not None
        assert (ends > NOW.timestamp()) is (day == date.max)

    def test_what_is_not_known_has_no_series(self) -> None:
        """A project that never ran has neither times nor an exit status; no priority is 1000."""
        metrics = shown(bare())
        assert value(metrics, "project_priority", project="A") == 1000
        assert value(metrics, "project_info", project="A", agent="", model="") == 1
        assert value(metrics, "project_last_exit_code", project="A") is None
        assert not [name for name, _ in series(metrics) if "project" in name and "seconds" in name]

    def test_in_sync(self) -> None:
        """What is ready, or wants nothing, is not out of sync."""
        ready = (condition(ConditionType.READY, True),)
        at_rest = project("B", desired_running=False)
        metrics = shown(project("A", conditions=ready), at_rest, project("C", conditions=()))
        assert "out_of_sync_since_timestamp_seconds{" not in text(metrics)

    def test_rows_that_have_no_name_or_the_same(self) -> None:
        """Rows without a name have no series, rows with one name share theirs."""
        metrics = Metrics()
        metrics.publish(report("", "A", "A"))
        assert {"A"} == {
            text for _, labels in series(metrics) for key, text in labels if key == "project"
        }
        assert text(metrics).count("sidekick_project_running{") == 1


class TestRepeated:
    """A report that is read again and again."""

    def test_time_moves_on(self) -> None:
        """Another report with the same projects tells its own time."""
        metrics = busy()
        first = report("A")
        metrics.publish(first)
        text(metrics)
        later = NOW + timedelta(seconds=10)
        metrics.publish(Report(later, SOURCE, first.projects, False))
        assert value(metrics, "reconcile_last_success_timestamp_seconds") == later.timestamp()
        assert value(metrics, "runtime_up") == 0
        assert value(metrics, "project_running", project="A") == 1

    def test_another_board(self) -> None:
        """Other projects are seen at once, in either form."""
        metrics = busy()
        for accept in ("", "application/openmetrics-text"):
            for name in ("C", "D"):
                metrics.publish(report(name))
                body = metrics.exposition(accept)[0].decode()
                assert f'sidekick_project_running{{project="{name}"}} 1.0\n' in body
                assert body.count("sidekick_project_running{") == 1
