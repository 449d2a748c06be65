"""`snapshot`: keep the memory and the list of a moment, see what was kept, and go back."""

import argparse
import os

from controller.cli import exits
from controller.cli.columns import age, table
from controller.cli.config import effective
from controller.cli.context import settings_of
from controller.cli.forms import as_text
from controller.cli.terminal import command, start, warn
from controller.core.errors import TerminalError
from controller.layout import clock
from controller.locks import AlreadyRunning
from controller.parts.locks import build_locks
from controller.parts.redactor import build_redactor
from controller.parts.sources import source_choice
from controller.settings import Settings
from controller.settings.model import SourceType
from controller.snapshots import Contents, Manifest, create, forget, present, restore

_HEADER = ("name", "age", "projects", "kb", "list", "version")
_LIMITS = (64, 6, 8, 10, 40, 12)


def snapshot(options: argparse.Namespace) -> int:
    """Take, list or restore snapshots."""
    settings = settings_of(options)
    deeds = {"create": _create, "list": _list, "restore": _restore}
    return deeds[options.deed](settings, options)


def _create(settings: Settings, options: argparse.Namespace) -> int:
    if options.keep == 0:
        raise TerminalError("NothingKept", "--keep 0 would remove the new one too; at least 1")
    contents = _contents(settings)
    made = create(contents, options.name, clock())
    print(f"{contents.root / made.name}: {_in_short(made)}")
    if contents.file is None:
        warn(f"the sheet is not in it; a copy of it: {command()} sheets pull FILE --yes")
    if options.keep:
        for name in forget(settings.paths.state, options.keep):
            print(f"{name} removed")
    return exits.OK


def _list(settings: Settings, options: argparse.Namespace) -> int:
    known, faults = present(settings.paths.state)
    for fault in faults:
        warn(fault)
    if options.output == "table":
        now = clock()
        rows = [
            (
                *(item.name, age(item.at, now), str(item.projects), f"{item.size / 1024:.0f}"),
                *(item.list_name.removeprefix("list-"), item.program),
            )
            for item in known
        ]
        print(table(_HEADER, rows, _LIMITS) if rows else "no snapshots")
    else:
        print(as_text({"snapshots": [_document(item) for item in known]}, options.output))
    return exits.NO if faults else exits.OK


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    contents = _contents(settings)
    held = build_locks(settings.paths.state, contents.file, str(contents.file))
    try:
        for lock, what in held:
            lock.acquire(what)
        before = restore(contents, options.name, clock())
    except AlreadyRunning as error:
        text = f"nothing was restored: {error.message}"
        raise TerminalError(error.reason, text) from error
    finally:
        for lock, _ in held:
            lock.release()
    print(f"{options.name} is restored; what it replaced is kept as {before.name}")
    print(f"go on: {start()}")
    return exits.OK


def _contents(settings: Settings) -> Contents:
    in_sheet = source_choice(settings, os.environ).kind == SourceType.SHEETS
    file = None if in_sheet else settings.priority_source.csv.file
    text = as_text(effective(settings), "yaml") + "\n"
    redact = build_redactor(settings, os.environ).text
    return Contents(settings.paths.state, file, redact(text))


def _in_short(made: Manifest) -> str:
    what = f"{made.projects} projects" if made.projects != 1 else "1 project"
    return f"{what}, {made.size / 1024:.0f} KB"


def _document(item: Manifest) -> dict[str, object]:
    return {
        "name": item.name,
        "at": item.at.isoformat(),
        "projects": item.projects,
        "bytes": item.size,
        "list": bool(item.list_name),
        "version": item.program,
    }
