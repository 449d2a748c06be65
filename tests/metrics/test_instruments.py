"""What is counted as it happens."""

from itertools import product
from pathlib import Path

import pytest

from controller import __version__
from controller.core.events import Event
from controller.metrics import Metrics
from controller.metrics.events import NORMAL, WARNING
from controller.metrics.instruments import ACTIONS, PHASES, STAGES
from controller.metrics.reasons import LIMIT, OTHER
from controller.runtimes.tmux_calls import COMMANDS, RESULTS
from tests.metrics.reports import NOW, series, value
from tests.metrics.words import words_of

NOTICES = ("waiting", "blocked", "completed", "hold", "prune_blocked")
CORE = Path(__file__).parents[2] / "controller"


class TestAtFirst:
    """Before the first tick."""

    def test_known_labels_are_zero(self) -> None:
        """Every known combination of labels is there, 0, so that rates and alerts work at once."""
        results: dict[str, tuple[str, ...]] = {"result": ("success", "error")}
        calls: dict[str, tuple[str, ...]] = {"command": COMMANDS, "result": RESULTS}
        known: list[tuple[str, dict[str, tuple[str, ...]]]] = [
            ("reconcile_total", results),
            ("reconcile_errors_total", {"stage": STAGES}),
            ("reconcile_duration_seconds_count", {}),
            ("reconcile_phase_duration_seconds_count", {"phase": PHASES}),
            ("notifications_total", {"kind": NOTICES, "result": ("sent", "failed", "dropped")}),
            ("source_reads_total", results),
            ("source_read_duration_seconds_count", {}),
            ("actions_total", {"action": ACTIONS, **results}),
            ("action_duration_seconds_count", {"action": ACTIONS}),
            ("runtime_calls_total", calls),
            ("runtime_call_duration_seconds_count", {"command": COMMANDS}),
            ("events_total", {"reason": NORMAL, "type": ("normal",)}),
            ("events_total", {"reason": WARNING, "type": ("warning",)}),
        ]
        found = series(Metrics())
        for name, labels in known:
            for values in product(*labels.values()):
                key = tuple(sorted(zip(labels, values, strict=True)))
                assert found.get((f"sidekick_{name}", key)) == 0, (name, key)

    def test_version(self) -> None:
        """The version is told."""
        assert value(Metrics(), "build_info", version=__version__) == 1

    def test_process(self) -> None:
        """What the process takes is told, under the names that dashboards know."""
        found = {name: number for (name, _), number in series(Metrics()).items()}
        assert found["process_resident_memory_bytes"] > 1_000_000
        assert found["process_cpu_seconds_total"] > 0
        assert 0 < found["process_open_fds"] <= found["process_max_fds"]
        assert found["python_info"] == 1
        assert "python_gc_collections_total" in found

    def test_nothing_is_claimed(self) -> None:
        """What was not looked at yet has no series: neither up nor down."""
        names = {name for name, _ in series(Metrics())}
        assert not any(
            word in name
            for name in names
            for word in ("project", "runtime_up", "valid", "slots", "gpus", "source_info")
        )


class TestCalls:
    """Calls to the runtime."""

    def test_a_call(self) -> None:
        """It is counted by its result, and its time by its command."""
        metrics = Metrics()
        metrics.called("list-panes", "success", 0.25)
        metrics.called("list-panes", "timeout", 5.0)
        command = {"command": "list-panes"}
        assert value(metrics, "runtime_calls_total", result="success", **command) == 1
        assert value(metrics, "runtime_calls_total", result="timeout", **command) == 1
        assert value(metrics, "runtime_call_duration_seconds_sum", **command) == 5.25


class TestNotifications:
    """Notifications by what became of them."""

    def test_one(self) -> None:
        """It is counted by its kind and its result."""
        metrics = Metrics()
        metrics.notified("waiting", "sent")
        metrics.notified("waiting", "sent")
        metrics.notified("hold", "failed")
        assert value(metrics, "notifications_total", kind="waiting", result="sent") == 2
        assert value(metrics, "notifications_total", kind="hold", result="failed") == 1
        assert value(metrics, "notifications_total", kind="hold", result="sent") == 0


class TestEvents:
    """Events by type and reason."""

    def test_they_are_counted(self) -> None:
        """Each event is one, whoever's it is."""
        metrics = Metrics()
        metrics.happened(Event(NOW, name, "Crashed", "exit 1", warning=True) for name in "AB")
        metrics.happened([Event(NOW, "A", "Completed", "done")])
        assert value(metrics, "events_total", type="warning", reason="Crashed") == 2
        assert value(metrics, "events_total", type="normal", reason="Completed") == 1

    @pytest.mark.parametrize("reason", ["", "exit status 1", "lower", "X" * 41, "A\nB", "/tmp/x"])
    def test_a_text_is_no_label(self, reason: str) -> None:
        """A reason that is no word is counted as another."""
        metrics = Metrics()
        metrics.happened([Event(NOW, "", reason, "", warning=True)])
        assert value(metrics, "events_total", type="warning", reason=OTHER) == 1

    def test_too_many_words(self) -> None:
        """Words that nobody knows are taken in up to a limit; those known always are."""
        metrics = Metrics()
        before = len(series(metrics))
        metrics.happened(Event(NOW, "", f"Forged{number}", "") for number in range(10_000))
        assert len(series(metrics)) - before == LIMIT + 1
        assert value(metrics, "events_total", type="normal", reason=OTHER) == 10_000 - LIMIT
        metrics.happened([Event(NOW, "", "CrashLoop", "", warning=True)])
        assert value(metrics, "events_total", type="warning", reason="CrashLoop") == 1

    def test_the_known_ones_are_all(self) -> None:
        """Every reason that the source gives an event, or a row, starts at 0."""
        written = words_of(CORE)
        assert "CrashBackoff" in written
        assert "SettingsReloaded" in written
        assert written - {*NORMAL, *WARNING} == set()
        assert len({*NORMAL, *WARNING}) == len(NORMAL) + len(WARNING)
