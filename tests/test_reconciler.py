"""The reconciler: what a look costs the next tick, and when a world is at rest."""

import encodings.aliases
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from controller.app import App
from controller.assembly import build
from controller.core.errors import SidekickError
from controller.core.observed import Unknown
from controller.layout import clock
from controller.metrics import Metrics
from controller.runtimes.memory import MemoryRuntime
from controller.settings import load_settings
from controller.sources.csv_encoding import check_encoding
from controller.sources.csv_file import CsvFile
from tests.e2e.lab import HEADER, ROOT
from tests.workshop import Workshop

ROWS = ("One,1,Paused,,,Do it,,No,,", "Two,2,Nonsense,,,Do it,,No,,", "")


def _codecs() -> Iterator[str]:
    """Every encoding that the settings allow and a list can be written in."""
    for name in sorted({*encodings.aliases.aliases.values(), "utf-8-sig", "cp1125"}):
        try:
            check_encoding(name)
            HEADER.encode(name)
        except (SidekickError, UnicodeEncodeError):
            continue
        yield name


class Place:
    """A folder with a list, and the parts of a controller in it whose sessions are in memory."""

    def __init__(self, folder: Path, encoding: str = "utf-8") -> None:
        self.folder = folder
        self.list = folder / "list.csv"
        self.encoding = encoding
        self.list.write_bytes("\n".join((HEADER, *ROWS)).encode(encoding))
        document = {
            "default_agent": "demo",
            "paths": {"schemas": str(ROOT / "schemas"), "socket": str(folder / "socket")},
            "priority_source": {"csv": {"file": str(self.list), "encoding": encoding}},
        }
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(document))
        self.app: App = build(load_settings(config, {}), {}, runtime=MemoryRuntime())

    def text(self) -> str:
        """The list."""
        return self.list.read_bytes().decode(self.encoding)

    def append(self, row: str) -> None:
        """Add a row."""
        self.list.write_bytes((self.text() + row + "\n").encode(self.encoding))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Makes places."""
    made: list[Place] = []

    def make(encoding: str = "utf-8") -> Place:
        made.append(Place(tmp_path, encoding))
        return made[-1]

    yield make
    for one in made:
        one.app.close()


def reads(metrics: Metrics) -> float:
    """How many reads of the list were counted."""
    return sum(
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "sidekick_source_reads_total"
    )


def test_a_look_at_the_plan_takes_nothing_from_the_next_tick(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that is new counts towards a deletion, whoever looked before the tick.

    And the tick alone counts it, and tells of it.
    """
    at = clock()
    monkeypatch.setattr(CsvFile, "last_read", lambda _: at)
    here = place()
    reconciler = here.app.reconciler
    assert reconciler.tick().fresh
    assert not reconciler.tick().fresh

    at += timedelta(seconds=60)
    here.append("Three,3,Paused,,,Do it,,No,,")
    before = reads(here.app.metrics)
    for _ in range(2):
        seen = reconciler.preview()
        assert seen.fresh
        assert seen.report
        assert [project.name for project in seen.report.projects] == ["One", "Two", "Three"]
        assert seen.report.source.rows == 3
    assert reads(here.app.metrics) == before

    tick = reconciler.tick()
    assert tick.fresh
    assert tick.report
    assert tick.report.source.changed_at == tick.now
    assert reads(here.app.metrics) == before + 1


def test_a_look_at_a_list_that_cannot_be_read(place: Callable[..., Place]) -> None:
    """It tells that, with the last good rows; the controller knows nothing of it yet."""
    here = place()
    reconciler = here.app.reconciler
    tick = reconciler.tick()
    good = here.list.read_bytes()
    here.list.write_bytes(b"")
    seen = reconciler.preview()
    assert "empty" in seen.errors["read"]
    assert seen.report
    assert not seen.report.source.valid
    assert [project.name for project in seen.report.projects] == ["One", "Two"]
    here.list.write_bytes(good)
    tick = reconciler.tick()
    assert tick.report
    assert tick.report.source.valid
    assert not tick.errors


@pytest.mark.parametrize("encoding", list(_codecs()))
def test_a_list_comes_to_rest_in_every_encoding(place: Callable[..., Place], encoding: str) -> None:
    """What it cannot hold it says with question marks, once: it is not written again and again."""
    here = place(encoding)
    here.app.fleet.note("One", "lunch → tea … ✓ ä €")
    ticks = [here.app.reconciler.tick() for _ in range(4)]
    assert [tick.errors for tick in ticks] == [{}] * 4
    assert [tick.wrote for tick in ticks] == [2, 0, 0, 0]
    assert "UserPaused: lunch" in here.text()
    assert ticks[-1].rested


def test_what_cannot_be_seen_is_told_as_it_was_last(tmp_path: Path) -> None:
    """While sessions cannot be observed, their slots and GPUs count as taken all the same."""
    workshop = Workshop(tmp_path)
    workshop.list.write_text(f"{HEADER}\nAlpha,,,,,do it,,Yes,,\n", encoding="utf-8")
    workshop.tick()
    workshop.begin(*workshop.runs())
    for unknown in (None, Unknown("TmuxHung", "no answer"), Unknown("TmuxHung", "no answer")):
        workshop.runtime.unknown = unknown
        workshop.tick()
        assert workshop.report.runtime_up == (unknown is None)
        assert workshop.report.gpus_used == 1
        assert sum(agent.used for agent in workshop.report.agents) == 1
    workshop.close()
