"""Restarts, as the real planner makes them."""

import pytest

from controller.core.backoff import CRASH
from controller.core.observed import Ending
from controller.core.report import Report
from controller.core.views import view
from controller.metrics import Metrics
from tests.core.fleet import Fleet, fleet
from tests.core.world import cells
from tests.metrics.reports import SOURCE, report, restart, value


class Watched:
    """A fleet whose every tick is told to metrics, as the reconciler does."""

    def __init__(self, alpha: Fleet) -> None:
        self.fleet = alpha
        self.metrics = Metrics()

    def tick(self) -> None:
        """One tick."""
        desired, observed = self.fleet.desired(), self.fleet.observed()
        tick = self.fleet.tick()
        self.metrics.acted(tick.plan, observed, tick.outcomes)
        views = tuple(
            view(row, desired.projects.get(row.name), self.fleet.memory, observed, self.fleet.now)
            for row in tick.summary.rows
        )
        self.metrics.publish(Report(self.fleet.now, SOURCE, views, True))

    def pass_time(self, seconds: float) -> None:
        """Tick, wait, tick again; agents begin, and end where they were asked to."""
        self.tick()
        self.fleet.obey()
        self.fleet.sleep(seconds)
        self.tick()
        self.fleet.begin()

    def restarts(self, reason: str) -> float | None:
        """How often the project was started again after such an end."""
        return value(self.metrics, "project_restarts_total", project="alpha", reason=reason)


@pytest.fixture
def alpha() -> Watched:
    """One project, whose agent runs."""
    watched = Watched(fleet())
    watched.pass_time(1)
    return watched


def test_the_first_start_is_none(alpha: Watched) -> None:
    """A project that runs for the first time was not restarted."""
    assert alpha.fleet.running == {"alpha"}
    assert "restarts_total{" not in alpha.metrics.exposition()[0].decode()


def test_a_crash(alpha: Watched) -> None:
    """Every start after a crash counts, once, whenever it comes."""
    for number in (1, 2):
        alpha.fleet.end(ending=Ending.CRASHED)
        alpha.tick()
        assert alpha.restarts("Crashed") == (number - 1 or None)
        alpha.pass_time(CRASH.longest)
        assert alpha.restarts("Crashed") == number
        alpha.pass_time(1)
    assert alpha.restarts("Crashed") == 2


def test_a_request(alpha: Watched) -> None:
    """After a stop that was asked for, the reason is the request's."""
    alpha.fleet.type(next_action="do something else")
    alpha.pass_time(1)
    assert alpha.restarts("Restart") == 1

    alpha.fleet.type(status="Paused")
    alpha.pass_time(1)
    alpha.fleet.type(status="Pending")
    alpha.pass_time(1)
    assert alpha.restarts("UserPause") == 1


def test_done_and_asked_for_again(alpha: Watched) -> None:
    """A completed project that runs again was restarted too."""
    alpha.fleet.end(reason="Finished")
    alpha.pass_time(1)
    alpha.fleet.type(status="Pending")
    alpha.pass_time(1)
    assert alpha.restarts("Finished") == 1


def test_a_folder_that_is_gone(alpha: Watched) -> None:
    """Where nobody can tell how the run before ended, its start counts all the same."""
    alpha.fleet.end(reason="Finished")
    alpha.pass_time(1)
    run = alpha.fleet.run()
    del alpha.fleet.runs[run.id]
    del alpha.fleet.sessions[run.id]
    alpha.fleet.type(status="Pending")
    alpha.pass_time(1)
    assert alpha.restarts("Unknown") == 1


def test_a_start_that_fails_is_none(alpha: Watched) -> None:
    """Only a session that started is a restart."""
    alpha.fleet.end(ending=Ending.CRASHED)
    alpha.fleet.broken["alpha"] = "StartFailed"
    alpha.tick()
    alpha.pass_time(CRASH.longest)
    assert alpha.restarts("Crashed") is None


def test_they_vanish_with_the_row(alpha: Watched) -> None:
    """A deleted row's restarts are forgotten once its session has ended; back, it begins anew."""
    alpha.fleet.end(ending=Ending.CRASHED)
    alpha.pass_time(CRASH.longest)
    alpha.fleet.add(cells("beta"))
    [line] = alpha.fleet.delete("alpha")
    alpha.pass_time(1)
    assert alpha.restarts("Crashed") == 1, "it still runs"
    alpha.pass_time(60)
    alpha.pass_time(1)
    assert alpha.fleet.running == {"beta"}
    assert "alpha" not in alpha.metrics.exposition()[0].decode()
    alpha.fleet.add(line)
    alpha.pass_time(1)
    assert alpha.restarts("Crashed") is None
    assert alpha.restarts("RowDeleted") == 1


def test_a_removed_row() -> None:
    """What was counted before the row went does not come back with it."""
    metrics = Metrics()
    restart(metrics, "A")
    restart(metrics, "B", "ShimLost")
    metrics.publish(report("B"))
    assert b'project="A"' not in metrics.exposition()[0]
    assert value(metrics, "project_restarts_total", project="B", reason="ShimLost") == 1
    metrics.publish(report("A", "B"))
    assert value(metrics, "project_restarts_total", project="A", reason="Crashed") is None


def test_a_forged_reason() -> None:
    """What a run's folder says of its end is a label only where it is a word."""
    metrics = Metrics()
    restart(metrics, "A", "rm -rf /\n")
    metrics.publish(report("A"))
    assert value(metrics, "project_restarts_total", project="A", reason="Other") == 1
    assert metrics.exposition()[0].count(b"rm -rf") == 0
