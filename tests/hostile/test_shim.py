"""An agent does what it can to hold its own shim up: the run ends, and its record is written."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.corpus import TEXTS
from tests.shim.world import Run, wait_for

PLACES = ("output.log", "output.log.1", ".output.log", "exit.json", "stop")
SABOTAGE = "cd $SIDEKICK_RUN_DIR; rm -rf {name}; {make}; exit 3"
MAKE = {
    "pipe": "mkfifo {name}",
    "link": "ln -s ../important {name}",
    "folder": "mkdir {name}; touch {name}/x",
    "endless": "truncate -s 10G {name}",
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run's folder, and beside it what matters."""
    (tmp_path / "important").write_text("important")
    return Run(tmp_path / "run")


@pytest.fixture
def start(run: Run) -> Iterator[Callable[[], None]]:
    """Starts the shim, which ends before the test does."""
    shims: list[subprocess.Popen[bytes]] = []
    yield lambda: shims.append(run.spawn())
    for shim in shims:
        try:
            shim.wait(10)
        finally:
            shim.kill()
            shim.wait(10)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["headless", "interactive"])
@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("name", PLACES)
def test_what_stands_where_the_shim_reads_and_writes(
    run: Run, start: Callable[[], None], name: str, kind: str, mode: str
) -> None:
    """It neither hangs nor writes through a link, and says how the run ended."""
    make = MAKE[kind].format(name=name)
    run.shell(SABOTAGE.format(name=name, make=make), mode=mode, grace=0.5)
    start()
    path = run.folder / "exit.json"
    wait_for(lambda: path.is_file() and not path.is_symlink() and 0 < path.stat().st_size < 99_999,
             "the record", 20)  # fmt: skip
    record = run.exit()
    assert record["cause"] in {"exit", "stop"}
    assert record["status"] in {3, None} or record["signal"]
    assert (run.folder.parent / "important").read_text() == "important"


def test_pipes_hold_nobody_up(run: Run, start: Callable[[], None]) -> None:
    """An agent that lives on behind pipes in place of its logs is stopped when asked."""
    script = (
        "cd $SIDEKICK_RUN_DIR; rm -f output.log; mkfifo output.log output.log.1 .output.log;"
        "echo x >../ready; exec sleep 1000"
    )
    run.shell(script, mode="interactive", grace=0.5)
    start()
    wait_for(lambda: (run.folder.parent / "ready").exists(), "the pipes")
    run.stop()
    assert run.exit(20)["cause"] == "stop"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("[" * 30_000, id="deep"),
        pytest.param('{"a": ' * 900 + "1" + "}" * 900, id="as deep as can be read"),
        pytest.param('{"reason": "' + "x" * 200_000 + '"}', id="long"),
        pytest.param(json.dumps({"by": TEXTS["clear"], "reason": TEXTS["log"]}), id="hostile"),
    ],
)
def test_a_hostile_request_to_end(run: Run, start: Callable[[], None], content: str) -> None:
    """Whatever it says, it is one, and the record of the end can be read."""
    run.shell("exec sleep 1000", grace=0.5)
    run.put("stop", content)
    start()
    record = run.exit()
    assert record["cause"] == "stop"
    assert (run.folder / "exit.json").stat().st_size < 500_000


def test_a_lost_shim_and_a_record_made_another(run: Run, start: Callable[[], None]) -> None:
    """The outer shim takes over, whatever the agent wrote into started.json."""
    script = (
        "cd $SIDEKICK_RUN_DIR; while [ ! -e started.json ]; do sleep 0.01; done;"
        "cp started.json ../seen.tmp; mv ../seen.tmp ../seen;"
        """echo '{"at": 1e999, "pid": {}}' >new; mv new started.json; exec sleep 1000"""
    )
    run.shell(script, grace=0.5)
    start()
    seen = run.folder.parent / "seen"
    wait_for(lambda: seen.exists() and "1e999" in (run.folder / "started.json").read_text(), "it")
    os.kill(json.loads(seen.read_text())["shim"][1], 9)
    record = run.exit(20)
    assert record["cause"] == "lost"
    assert record["started_at"] is None
