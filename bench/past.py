"""The past: what months of work have left, so that no first days are taken for growth.

As many versions of each row are remembered as are kept, the journal is full, and every project has
a run that is over: the controller holds the newest one of each in memory.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.core.events import Event
from controller.core.intent import PAIRS_KEPT, Pair
from controller.core.memory import Memory, ProjectMemory
from controller.core.observed import Words
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from controller.store import Store
from controller.store.journal import EVENTS_KEPT

AGE = timedelta(days=20)
"""Younger than what retention takes by its age."""
_TAIL = [f"line {number} of what an agent printed last" for number in range(20)]


def leave_behind(root: Path, names: Sequence[str], agent: str) -> None:
    """Fill a project's folder as if its rows had been worked on for months.

    Args:
        root: The folder.
        names: The rows' names, fit to be slugs.
        agent: Who worked on them.
    """
    first = datetime.now(tz=UTC) - AGE
    folders = RunFolders(root / "runs")
    folders.load()
    runs = {name: _run(folders, root, name, agent, first) for name in names}
    versions = tuple(
        Pair("completed", (first + timedelta(hours=number)).isoformat(timespec="seconds"))
        for number in range(PAIRS_KEPT)
    )
    members = {
        name: ProjectMemory(name, pairs=versions, run=run, settled=run)
        for name, run in runs.items()
    }
    events = [
        Event(first + timedelta(minutes=2 * number), names[number % len(names)], "Running",
              f"old word {number}")
        for number in range(EVENTS_KEPT)
    ]  # fmt: skip
    with closing(Store(root / "state" / "sidekick.db", lambda: datetime.now(tz=UTC))) as store:
        store.commit(Memory(members), events)


def _run(folders: RunFolders, root: Path, name: str, agent: str, at: datetime) -> str:
    """A run that ended well; returns its id."""
    run = folders.new_id(at)
    workspace = str(root / "workspaces" / name)
    spec = Spec(("true",), workspace, "headless", None, 1.0, 1_048_576, 1)
    meta = Meta(name, name, agent, workspace, Words("an old action"), at, interactive=False)
    folder = folders.create(run, spec, meta, "an old action", {})
    (folder / "env").unlink()
    (folder / "output.log").write_text("\n".join(_TAIL), encoding="utf-8")
    began = at.timestamp()
    end = {
        "version": 1, "cause": "exit", "status": 0, "signal": None, "reason": "Exited",
        "message": "", "stop": None, "started_at": began, "ended_at": began + 60, "leftovers": 0,
        "tail": _TAIL,
    }  # fmt: skip
    (folder / "exit.json").write_text(json.dumps(end), encoding="utf-8")
    return run
