"""Instruments: counters and histograms of what the controller did.

Every combination of labels that is known starts at 0, so that rates and alerts work at once.
"""

from collections.abc import Iterable
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram

from controller.core.outbox import RESULTS as DELIVERIES
from controller.core.standing import Kind
from controller.metrics.table import PREFIX
from controller.runtimes.tmux_calls import COMMANDS, RESULTS

STAGES = ("settings", "read", "observe", "plan", "act", "store", "write", "report")
PHASES = ("read", "observe", "plan", "act", "report")
ACTIONS = ("Start", "Stop", "Restart", "Tell", "Sweep", "Watch", "Remove")
CODES = ("200", "400", "401", "403", "404", "429", "500", "502", "503", "504", "other", "error")
"""Of Google's answers; `error` where none came."""
OUTCOMES = ("success", "error")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Instruments:
    """The instruments, each an attribute, all in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, labels: tuple[str, ...]) -> Counter:
            return Counter(name, text, labels, namespace=PREFIX, registry=registry)

        def histogram(name: str, text: str, labels: tuple[str, ...] = ()) -> Histogram:
            return Histogram(
                name, text, labels, namespace=PREFIX, registry=registry, buckets=_BUCKETS
            )

        self.ticks = counter("reconcile", "Ticks by result.", ("result",))
        self.errors = counter("reconcile_errors", "Failures in ticks by stage.", ("stage",))
        self.tick_seconds = histogram("reconcile_duration_seconds", "Duration of a tick.")
        self.phase_seconds = histogram(
            "reconcile_phase_duration_seconds", "Duration of a tick's phases.", ("phase",)
        )
        self.reads = counter("source_reads", "Reads of the list by result.", ("result",))
        self.read_seconds = histogram("source_read_duration_seconds", "Duration of a read.")
        self.actions = counter("actions", "Actions by result.", ("action", "result"))
        self.action_seconds = histogram(
            "action_duration_seconds", "Duration of an action.", ("action",)
        )
        self.calls = counter(
            "runtime_calls", "Calls to the runtime by result.", ("command", "result")
        )
        self.call_seconds = histogram(
            "runtime_call_duration_seconds", "Duration of a call to the runtime.", ("command",)
        )
        self.google = counter(
            "sheets_requests", "Requests to Google's Sheets by the answer's status.", ("code",)
        )
        self.notifications = counter(
            "notifications", "Notifications by what became of them.", ("kind", "result")
        )
        _begin(self.notifications, (kind.label for kind in Kind), DELIVERIES)
        _begin(self.google, CODES)
        _begin(self.ticks, OUTCOMES)
        _begin(self.errors, STAGES)
        _begin(self.phase_seconds, PHASES)
        _begin(self.reads, OUTCOMES)
        _begin(self.actions, ACTIONS, OUTCOMES)
        _begin(self.action_seconds, ACTIONS)
        _begin(self.calls, COMMANDS, RESULTS)
        _begin(self.call_seconds, COMMANDS)

    def asked_google(self, code: str) -> None:
        """Count a request to Google by its answer's status; from any thread."""
        self.google.labels(code if code in CODES else "other").inc()

    def notified(self, kind: str, result: str) -> None:
        """Count what became of a notification for one address; from any thread."""
        self.notifications.labels(kind, result).inc()

    def called(self, command: str, result: str, seconds: float) -> None:
        """Count a call to the runtime."""
        self.calls.labels(command, result).inc()
        self.call_seconds.labels(command).observe(seconds)


def _begin(family: Counter | Histogram, *known: Iterable[str]) -> None:
    """Let every combination of the labels' known values be there."""
    for values in product(*known):
        family.labels(*values)
