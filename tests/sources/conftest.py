"""What the tests of the sources share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.benches import Bench, CsvBench, MemoryBench


@pytest.fixture(params=["csv", "memory"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Every source there is; a new one is tested by adding it here."""
    made: Bench
    made = CsvBench(tmp_path / "p.csv", monkeypatch) if request.param == "csv" else MemoryBench()
    made.save([])
    return made


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)
