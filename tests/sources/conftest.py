"""What the tests of the sources share."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sheets.emulator import emulator
from tests.sources.benches import Bench, CsvBench, MemoryBench, SheetBench
from tests.sources.hostile import Editor


@pytest.fixture(params=["csv", "memory", "sheets"])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """Every source there is; a new one is tested by adding it here."""
    made: Bench
    with ExitStack() as after:
        if request.param == "csv":
            made = CsvBench(tmp_path / "p.csv", monkeypatch)
        elif request.param == "sheets":
            monkeypatch.setenv("NO_PROXY", "*")
            made = SheetBench(after.enter_context(emulator()), tmp_path)
        else:
            made = MemoryBench()
        after.callback(made.source.close)
        made.save([])
        yield made


@pytest.fixture
def editor(path: Path) -> Iterator[Editor]:
    """The user's program, on the list of the test."""
    editor = Editor(path)
    yield editor
    editor.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)
