"""The metrics of one controller, and the form in which a scraper gets them."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest

from controller.core.actions import Outcome, Plan
from controller.core.events import Event
from controller.core.observed import Observed
from controller.core.report import Report
from controller.metrics.collector import ReportCollector, Snapshot
from controller.metrics.events import NORMAL, WARNING, Events
from controller.metrics.instruments import Instruments
from controller.metrics.platform import register_platform
from controller.metrics.reasons import Reasons
from controller.metrics.restarts import Restarts

disable_created_metrics()  # type: ignore[no-untyped-call] # its series tell nobody anything

_OPENMETRICS = "application/openmetrics-text"
_EOF = b"# EOF\n"


class Metrics(Instruments):
    """All metrics of one controller.

    Attributes:
        registry: Everything, for the library's own ways to show it; `exposition` is the quick one.
    """

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        super().__init__(self._own)
        reasons = Reasons((*NORMAL, *WARNING))
        self._events = Events(self._own, reasons)
        self._restarts = Restarts(reasons)
        self._reports = ReportCollector(reasons)
        self._last_success = 0.0
        register_platform(self._own)
        self.registry = CollectorRegistry()
        self.registry.register(self._own)
        self.registry.register(self._reports)

    def acted(self, plan: Plan, observed: Observed, outcomes: Iterable[Outcome]) -> None:
        """Count the restarts among the actions that were carried out."""
        self._restarts.count(plan, observed, outcomes)

    def happened(self, events: Iterable[Event]) -> None:
        """Count events."""
        self._events.count(events)

    def publish(self, report: Report) -> None:
        """Show another report, and forget the counts of projects that are gone."""
        self._restarts.keep(report.projects)
        if not report.errors:
            self._last_success = report.at.timestamp()
        self._reports.snapshot = Snapshot(report, self._last_success, self._restarts.table())

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics as they are now; from any thread.

        Args:
            accept: The request's Accept header: OpenMetrics where it asks for that, else the text
                form of Prometheus.

        Returns:
            The document, and its Content-Type.
        """
        try:
            encode, content_type = choose_encoder(accept)
        except TypeError:  # the library's answer to a version that is no number
            encode, content_type = generate_latest, CONTENT_TYPE_PLAIN_0_0_4
        openmetrics = content_type.startswith(_OPENMETRICS)
        own = encode(self._own)
        reports = self._reports.write(openmetrics=openmetrics).encode()
        if openmetrics:
            return own.removesuffix(_EOF) + reports + _EOF, content_type
        return own + reports, content_type
