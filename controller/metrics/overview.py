"""The families of the whole fleet: one series each."""

from collections.abc import Iterator

from controller.core.report import Report
from controller.metrics.table import Table, single


def overview_tables(report: Report, last_success: float) -> Iterator[Table]:
    """What holds for all projects at once.

    Args:
        report: The newest report.
        last_success: When a tick last had no error, seconds since the epoch; 0 for never.
    """
    yield single(
        "reconcile_last_success_timestamp_seconds", "Last tick without an error.", last_success
    )
    yield single("runtime_up", "Whether the sessions could be observed.", report.runtime_up)
    yield single("suspended", "Whether the whole fleet rests.", bool(report.suspended))
    yield single(
        "prune_blocked", "Whether a mass stop waits for the user's word.", bool(report.prune)
    )
    yield single("demo", "Whether the demo agent stands in for real ones.", report.demo)
    yield single(
        "restart_needed", "Whether settings changed that count only after a restart.",
        bool(report.restart_needed),
    )  # fmt: skip
