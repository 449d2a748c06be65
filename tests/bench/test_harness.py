"""The command itself: tiny, with real parts, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.options import parse
from bench.processes import marked
from bench.vitals import MONTH, growth

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder of the command's own; it must be empty in the end."""
    with tempfile.TemporaryDirectory(prefix="b", dir="/tmp") as folder:
        (Path(folder) / "t").mkdir()
        yield Path(folder)
        for process in _RUNNING:
            if process.poll() is None:  # a test failed
                process.terminate()
                process.communicate(timeout=30)
        _RUNNING.clear()


_RUNNING: list["subprocess.Popen[str]"] = []


def bench(place: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command, which finds no peer and may install none."""
    environment = {
        **os.environ,
        "TMPDIR": str(place / "t"),
        "BENCH_CACHE": str(place / "cache"),
        "BENCH_NO_INSTALL": "1",
    }
    process = subprocess.Popen(
        (sys.executable, "-m", "bench", "--quick", "--rounds", "1", *arguments),
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    _RUNNING.append(process)
    return process


@pytest.mark.slow
def test_a_row_is_measured_and_all_is_cleared_away(place: Path) -> None:
    """As Markdown, and as JSON when asked."""
    file = place / "table.json"

    process = bench(place, "--only", "tick", "--sessions", "2", "--json", str(file))
    out, err = process.communicate(timeout=30)

    assert process.returncode == 0, out + err
    assert "| tick with nothing to do, 4 rows, 2 sessions" in out
    document = json.loads(file.read_text(encoding="utf-8"))
    ratio, calls, files = document["lines"]
    assert ratio["ours"] > 0
    assert ratio["theirs"] > 0
    assert (calls["ours"], files["ours"]) == (1, 0)
    assert not document["failed"]
    assert not list((place / "t").iterdir())


@pytest.mark.slow
def test_a_peer_that_is_not_there_costs_its_own_line_alone(place: Path) -> None:
    """We are measured all the same."""
    process = bench(place, "--only", "stop", "--sessions", "1")
    out, err = process.communicate(timeout=30)

    assert process.returncode == 0, out + err
    assert "supervisord: not installed: BENCH_NO_INSTALL is set" in out
    line = next(line for line in out.splitlines() if "| supervisord" in line)
    assert line.partition("| supervisord")[0].rstrip(" |").endswith(" ms")
    assert not list((place / "t").iterdir())


@pytest.mark.slow
def test_an_interrupted_run_ends_all_that_it_started(place: Path) -> None:
    """A real controller, a tmux server, shims and agents are there when the word comes."""
    process = bench(place, "--only", "saved", "--rounds", "50")
    deadline = time.monotonic() + 20
    while not list((place / "t").glob("sb*/runs/*/started.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worlds = list((place / "t").iterdir())
    homes = [f"HOME={world}".encode() for world in worlds]
    assert any(marked(home) for home in homes)

    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert not any(marked(home) for home in homes)
    assert not list((place / "t").iterdir())


def test_an_unknown_row_is_a_fault_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """The rows that there are, are named."""
    with pytest.raises(SystemExit) as end:
        parse(("--only", "speed"), ("noop", "tick"))

    assert end.value.code == 2
    assert "no row is named speed; there are noop, tick" in capsys.readouterr().err


@pytest.mark.slow
def test_a_short_life_leaves_nothing_behind(place: Path) -> None:
    """Every vital is told, no tick ends by a defect, and what has a limit keeps to it."""
    file = place / "table.json"

    process = bench(
        place, "--only", "endurance", "--sessions", "3", "--rounds", "400", "--json", str(file)
    )
    out, err = process.communicate(timeout=50)

    assert process.returncode == 0, out + err
    document = json.loads(file.read_text(encoding="utf-8"))
    assert not document["failed"]
    figures = {line["what"].partition(" (")[0]: line["samples"] for line in document["lines"]}
    assert len(figures) == len(document["lines"])
    assert max(figures["open descriptors"]["ours"]) < 64
    assert max(figures["threads"]["ours"]) < 16
    assert max(figures["inotify watches beside one a run"]["ours"]) < 16
    assert max(figures["events in the journal, the most"]["ours"]) <= 10_000
    defects = next(line for line in document["lines"] if line["what"] == "defects in the log")
    assert defects["ours"] == 0
    assert not list((place / "t").iterdir())


def test_growth_is_the_slope_of_most_and_not_of_outliers() -> None:
    """A month of ticks at the median slope; what comes and goes does not count."""
    ticks = [100.0 * n for n in range(50)]
    flat = [50.0 + (30 if n % 10 == 5 else n % 2) for n in range(50)]
    leak = [50.0 + n * 0.1 for n in range(50)]

    assert abs(growth(ticks, flat)) < 50
    assert growth(ticks, leak) == pytest.approx(0.001 * MONTH)
