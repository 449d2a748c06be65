"""Restarts: starts of projects that ran before, by how the run before ended."""

from collections import Counter
from collections.abc import Callable, Iterable

from controller.core.actions import Outcome, Plan, Start
from controller.core.observed import Ending, Observed, Run
from controller.core.report import ProjectView
from controller.metrics.projects import by_label
from controller.metrics.table import Row, Table, label

UNKNOWN = "Unknown"
"""The reason where the folder of the run before is gone."""


class Restarts:
    """Counts restarts, as long as their projects have series.

    Args:
        reasons: Makes a label's value of a reason.
    """

    def __init__(self, reasons: Callable[[str], str]) -> None:
        self._reasons = reasons
        self._counts: Counter[tuple[str, str]] = Counter()
        self._kept: tuple[ProjectView, ...] | None = None

    def count(self, plan: Plan, observed: Observed, outcomes: Iterable[Outcome]) -> None:
        """Take a tick's starts into account.

        Args:
            plan: What was decided; its memory knows the run before.
            observed: The world that it was decided on.
            outcomes: What became of its actions.
        """
        for outcome in outcomes:
            member = plan.memory.projects.get(outcome.action.project)
            if isinstance(outcome.action, Start) and outcome.ok and member and member.run:
                reason = self._reasons(_how(observed.runs.get(member.run)))
                self._counts[label(outcome.action.project), reason] += 1
                self._kept = None

    def keep(self, projects: tuple[ProjectView, ...]) -> None:
        """Forget all but these projects."""
        if projects is self._kept:
            return
        names = by_label(projects)
        for key in [key for key in self._counts if key[0] not in names]:
            del self._counts[key]
        self._kept = projects

    def table(self) -> Table:
        """The counts as they are now."""
        rows: list[Row] = [(key, count) for key, count in sorted(self._counts.items())]
        return Table(
            "project_restarts", "Starts after the first, by how the run before ended.",
            ("project", "reason"), rows, kind="counter",
        )  # fmt: skip


def _how(run: Run | None) -> str:
    """Why a run ended: for one that was asked to end the reason of the request."""
    if run is None or run.result is None:
        return UNKNOWN
    result = run.result
    return result.stop.reason if result.ending is Ending.STOPPED and result.stop else result.reason
