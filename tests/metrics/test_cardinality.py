"""The number of series is bounded by what is in the list, and by nothing that was in it once."""

import threading
import time
from collections import Counter
from datetime import timedelta

from prometheus_client.exposition import generate_latest

from controller.core.events import Event
from controller.core.report import Report
from controller.metrics import Metrics
from controller.metrics.reasons import LIMIT
from tests.metrics.reports import NOW, SOURCE, bare, project, report, restart, series, text

TICKS = 1000
SERIES_A_PROJECT = 29
"""What docs/metrics.md says: the most series that one project has, but for its restarts."""


def test_a_removed_project_vanishes() -> None:
    """With a row go all its series."""
    metrics = Metrics()
    metrics.publish(report("A", "B"))
    metrics.publish(report("B"))
    assert 'project="A"' not in text(metrics)
    assert 'project="B"' in text(metrics)


def test_a_tombstone_has_none() -> None:
    """What the report still knows of a row that is gone is shown only while its agent runs."""
    metrics = Metrics()
    metrics.publish(Report(NOW, SOURCE, (project("A", line=None), bare("B", line=None))))
    assert 'project="A"' in text(metrics)
    assert 'project="B"' not in text(metrics)


def test_each_project_costs_the_same() -> None:
    """A project adds so many series, and no other depends on it."""
    sizes = []
    for count in (0, 1, 2, 12):
        metrics = Metrics()
        metrics.publish(report(*(f"P{number}" for number in range(count))))
        sizes.append(len(series(metrics)))
    none, *some = sizes
    assert [size - none for size in some] == [SERIES_A_PROJECT * count for count in (1, 2, 12)]


def test_flat() -> None:
    """A thousand ticks of coming and going projects leave as many series as one."""
    metrics = Metrics()
    sizes = set()
    for tick in range(TICKS):
        names = [f"P{tick}-{number}" for number in range(5)]
        metrics.ticks.labels("success").inc()
        metrics.called("list-panes", "success", 0.004)
        for name in names:
            restart(metrics, name)
        metrics.happened(Event(NOW, name, "Completed", f"done {tick}") for name in names)
        metrics.publish(report(*names))
        if tick in {0, 1, TICKS // 2, TICKS - 1}:
            sizes.add(len(series(metrics)))
    assert len(sizes) == 1


def test_flat_whatever_the_runs_say() -> None:
    """Not even folders that name a new reason each time make more series than a limit."""
    metrics = Metrics()
    sizes: dict[int, int] = {}
    for tick in range(TICKS):
        word = f"Forged{tick}"
        restart(metrics, "A", word)
        metrics.happened([Event(NOW, "A", word, "", warning=True)])
        metrics.publish(Report(NOW, SOURCE, (project("A", reason=word),)))
        if tick in {0, TICKS // 2, TICKS - 1}:
            sizes[tick] = len(series(metrics))
    first, middle, last = sizes.values()
    assert middle == last
    # Events and restarts, each with the limit's words and the one that stands for all others.
    assert last - first == 2 * LIMIT


def test_a_thousand_projects() -> None:
    """A scrape of a new report takes a fraction of what the library takes, one more nothing."""
    names = [f"project-{number:04}" for number in range(1000)]
    metrics = Metrics()
    first = report(*names)

    def seconds(fresh: bool) -> float:
        if fresh:
            metrics.publish(Report(first.at, SOURCE, (*first.projects,)))
        began = time.perf_counter()
        metrics.exposition()
        return time.perf_counter() - began

    began = time.perf_counter()
    generate_latest(metrics.registry)
    metrics.publish(first)
    generate_latest(metrics.registry)
    library = time.perf_counter() - began
    assert min(seconds(fresh=True) for _ in range(5)) < library / 2
    metrics.publish(Report(first.at, SOURCE, first.projects))
    metrics.exposition()
    later = Report(first.at + timedelta(seconds=10), SOURCE, first.projects)
    metrics.publish(later)  # at rest: another tick, and the very same board
    assert min(seconds(fresh=False) for _ in range(5)) < library / 10


def test_scrapes_beside_the_loop() -> None:
    """Scrapers in other threads see whole reports, each of one tick."""
    metrics = Metrics()
    boards = [report(*(f"{letter}{number}" for number in range(50))) for letter in "AB"]
    seen: list[Counter[str]] = []
    stop = threading.Event()

    def scrape() -> None:
        while not stop.is_set():
            body = metrics.exposition()[0].decode()
            seen.append(Counter(
                line.split('project="')[1][0]
                for line in body.splitlines()
                if 'project="' in line
            ))  # fmt: skip

    scrapers = [threading.Thread(target=scrape) for _ in range(2)]
    for scraper in scrapers:
        scraper.start()
    for tick in range(200):
        board = boards[tick % 2]
        metrics.publish(Report(NOW, SOURCE, (*board.projects,)))
        metrics.ticks.labels("success").inc()
        time.sleep(0)
    stop.set()
    for scraper in scrapers:
        scraper.join(timeout=10)
    whole = [letters for letters in seen if letters]
    assert whole
    assert {len(letters) for letters in whole} == {1}
    assert {count for letters in whole for count in letters.values()} == {50 * SERIES_A_PROJECT}
