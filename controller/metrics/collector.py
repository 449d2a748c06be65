"""The collector: all series that come from the newest report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from controller.core.report import Report
from controller.metrics.agents import agent_tables
from controller.metrics.overview import overview_tables
from controller.metrics.projects import by_label, project_tables
from controller.metrics.source import source_tables
from controller.metrics.table import Table
from controller.metrics.text import write


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there was to show at the end of a tick.

    Attributes:
        report: The tick's report.
        last_success: When a tick last had no error, seconds since the epoch; 0 for never.
        restarts: Every restart so far of the report's projects.
    """

    report: Report
    last_success: float
    restarts: Table


class ReportCollector(Collector):
    """Shows one immutable snapshot at a time, so that a removed row's series vanish.

    Args:
        reasons: Makes a label's value of a reason.

    Attributes:
        snapshot: What is shown; None before the first tick, when nothing is claimed.
    """

    def __init__(self, reasons: Callable[[str], str]) -> None:
        self._reasons = reasons
        self._boards: dict[bool, tuple[Report, str]] = {}
        self.snapshot: Snapshot | None = None

    def collect(self) -> Iterator[Metric]:
        """Every family as the library has it."""
        snapshot = self.snapshot
        if snapshot is not None:
            for table in (*_frame(snapshot), *self._board(snapshot.report)):
                yield table.metric()

    def write(self, *, openmetrics: bool) -> str:
        """Every family as text; from any thread."""
        snapshot = self.snapshot
        if snapshot is None:
            return ""
        frame = write(_frame(snapshot), openmetrics=openmetrics)
        return frame + self._write_board(snapshot.report, openmetrics=openmetrics)

    def _write_board(self, report: Report, *, openmetrics: bool) -> str:
        """The projects, written once for each board: at rest many ticks share one.

        Two threads may do it at the same time, and come to the same.
        """
        known, text = self._boards.get(openmetrics, (None, ""))
        if known and known.projects is report.projects and known.at.tzinfo == report.at.tzinfo:
            return text
        text = write(self._board(report), openmetrics=openmetrics)
        self._boards[openmetrics] = (report, text)
        return text

    def _board(self, report: Report) -> Iterator[Table]:
        return project_tables(by_label(report.projects), self._reasons, report.at.tzinfo)


def _frame(snapshot: Snapshot) -> Iterator[Table]:
    """All but the projects."""
    yield from overview_tables(snapshot.report, snapshot.last_success)
    yield from source_tables(snapshot.report.source)
    yield from agent_tables(snapshot.report)
    yield snapshot.restarts
