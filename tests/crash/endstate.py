"""The end state: all that a person, or the next controller, can find, without times and numbers.

It is looked at once everybody is asleep: on a busy machine an agent that was begun may still be
about to do its first step, and one that was ended to go.
"""

import json
import os
import re
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from controller.core.events import Entry
from controller.core.memory import ProjectMemory
from controller.layout import DATABASE, clock
from controller.runs import records
from controller.runs.meta import read_meta
from controller.store import Journal, Store
from tests.crash.pilot import LOG, SECONDS, STARTS, wait_for_clients
from tests.crash.steps import is_retired, leftovers
from tests.e2e.lab import Lab, alive, process_state

_TIME = re.compile(r"\d\d:\d\d:\d\d")
_PAUSE = 0.02
"""Seconds between two looks at the processes."""
TOLD_BEFORE = "ToldBefore"
"""The reason of an event that an earlier version wrote."""

EndState = dict[str, Any]


def look(lab: Lab) -> EndState:
    """Everything, of a controller at rest."""
    _wait_for_sleep(lab)
    runs = _runs(lab)
    living = _sessions(lab)
    return {
        "list": _list(lab),
        "sessions": sorted((name, runs[run]["project"] if run in runs else f"?{run}")
                           for run, name in living.items()),
        "processes": _processes(lab, runs),
        "starts": {path.parent.name: path.read_text(encoding="utf-8").split()
                   for path in sorted((lab.root / "workspaces").glob(f"*/{STARTS}"))},
        "runs": _newest(runs),
        "unended": sorted(run["project"] for name, run in runs.items()
                          if not run["end"] and name not in living),
        "secrets": sorted(path.parent.name for path in (lab.root / "runs").glob("*/env")),
        "memory": _memory(lab),
        "told before": sum(entry.reason == TOLD_BEFORE for entry in _journal(lab)),
        "files": sorted(entry.name for folder in ("state", "desired")
                        for entry in (lab.root / folder).glob("*")
                        if not entry.name.startswith(DATABASE) and not is_retired(entry.name)),
        "leftovers": sorted(str(path.relative_to(lab.root)) for path in leftovers(lab.root)),
        "defects": _defects(lab),
    }  # fmt: skip


def _list(lab: Lab) -> dict[str, dict[str, str]]:
    return {
        name: {column: _TIME.sub("TIME", text) for column, text in row.items()
               if column != "Last Update"}
        for name, row in lab.rows().items()
    }  # fmt: skip


def _sessions(lab: Lab) -> dict[str, str]:
    """Run → name of its living session; a session without a mark stands for itself."""
    answer = lab.tmux("list-panes", "-a", "-F", "#{pane_dead}\t#{session_name}\t#{@sidekick}")
    found = {}
    for line in answer.splitlines():
        dead, name, mark = line.split("\t")
        if dead == "0":
            run = json.loads(mark)["run"] if mark else f"unmarked {name}"
            assert run not in found, f"two sessions of {run}: {answer}"
            found[run] = name
    return found


def _runs(lab: Lab) -> dict[str, dict[str, Any]]:
    found = {}
    for folder in sorted((lab.root / "runs").glob("*-*")):
        meta = read_meta(folder)
        end, stop = records.read_exit(folder), records.read_stop(folder)
        found[folder.name] = {
            "project": meta.project if meta else "?",
            "end": end and end.cause.value,
            "stop": stop and stop.reason,
            "began": (folder / "started.json").exists(),
        }
    return found


def _newest(runs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each project's newest run, and how many of its runs began to work."""
    found = {}
    for _, run in sorted(runs.items()):
        began = sum(1 for other in runs.values()
                    if other["project"] == run["project"] and other["began"])  # fmt: skip
        found[run["project"]] = {**run, "began": began}
    return found


def _processes(lab: Lab, runs: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Project → how many processes of its runs live."""
    found = Counter(runs.get(run, {}).get("project", "?") for run in _living(lab).values())
    return dict(sorted(found.items()))


def _living(lab: Lab) -> dict[int, str]:
    """Process → run, of all that live."""
    folder = re.escape(os.fsencode(lab.root / "runs")) + rb"/([0-9a-f-]+)\0"
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        with suppress(OSError):
            said = (Path(entry.path, name).read_bytes() for name in ("cmdline", "environ"))
            run = next((match[1] for text in said if (match := re.search(folder, text))), None)
            if run is not None and alive(int(entry.name)):
                found[int(entry.name)] = os.fsdecode(run)
    return found


def _wait_for_sleep(lab: Lab) -> None:
    """Wait until every process of every run sleeps, and nobody has come or gone since.

    Who never sleeps is looked at as he is.
    """
    wait_for_clients(lab.socket)
    deadline = time.monotonic() + SECONDS
    before: dict[int, str] | None = None
    while time.monotonic() < deadline:
        here = _living(lab)
        asleep = all(process_state(pid) == "S" for pid in here)
        if asleep and here == before:
            return
        before = here if asleep else None
        time.sleep(_PAUSE)


def _memory(lab: Lab) -> dict[str, Any]:
    store = Store(lab.root / "state" / DATABASE, clock, readonly=True)
    try:
        memory = store.load()
    finally:
        store.close()
    return {name: _remembered(member) for name, member in sorted(memory.projects.items())} | {
        "": memory.prune
    }


def _journal(lab: Lab) -> list[Entry]:
    journal = Journal(lab.root / "state" / DATABASE)
    try:
        return journal.read(last=1000)
    finally:
        journal.close()


def _remembered(member: ProjectMemory) -> dict[str, Any]:
    """What the next decision hangs on; a fault on the way may have been counted."""
    return {
        "slug": member.slug,
        "intent": member.intent.value,
        "says": member.pairs[-1].status if member.pairs else None,
        "pin": member.pin,
        "settled": member.settled == member.run,
        "talks": bool(member.conversation),
        "delivered": bool(member.conversation and member.delivered),
        "crashes": member.crashes,
        "retry": member.retry and member.retry.reason,
        "done": member.done and member.done.by_user,
        "block": member.block and member.block.reason,
        "absent": member.absence and bool(member.absence.acted_at),
        "preempted": member.preempted,
        "vanished": member.vanished_at is not None,
        "unwritten": member.unwritten,
        "state": member.state and (member.state.status.value, member.state.reason),
        "conditions": [(c.type.value, c.status, c.reason) for c in member.conditions],
    }


def _defects(lab: Lab) -> list[str]:
    try:
        text = (lab.root / LOG).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if "defect" in line or "come to rest" in line]
