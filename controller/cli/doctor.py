"""`doctor`: what is missing on this machine, and what to do about it."""

import argparse
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, cast

from controller.cli import exits
from controller.cli.context import controller_of, settings_of
from controller.cli.exposure import Finding, exposure
from controller.cli.notify import notifications
from controller.cli.programs import programs
from controller.core.errors import SidekickError
from controller.core.names import COMMAND_VARIABLE, START_VARIABLE, STOP_VARIABLE
from controller.core.observed import Sessions, Unknown
from controller.layout import DATABASE
from controller.layout import ROW_SCHEMA as SCHEMA
from controller.parts.runtime import build_runtime
from controller.parts.sources import build_source, read_row_schema, source_choice
from controller.printable import clean
from controller.settings import Settings
from controller.settings.environment import PREFIX, variables
from controller.settings.find import CONFIG_VARIABLE
from controller.sources.approval import pending
from controller.sources.google_sheets_credentials import VARIABLES, find_credentials
from controller.store import read_report

if TYPE_CHECKING:
    from controller.sources.google_sheets import GoogleSheet

DEADLINE = 5.0
OWN_VARIABLES = (
    *(COMMAND_VARIABLE, START_VARIABLE, STOP_VARIABLE),
    *("SIDEKICK_PYTHON", "SIDEKICK_RUN_ID", "SIDEKICK_RUN_DIR"),
)
_MEGABYTE = 1_048_576
_LEAST_FREE = 500 * _MEGABYTE


def doctor(options: argparse.Namespace) -> int:
    """Print every finding; 0 all good, 1 something is to be done."""
    settings = settings_of(options)
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _machine, _environment, _sessions, _list, _folders, exposure, _controller, notifications,
        programs,
    )  # fmt: skip
    good = True
    for check in checks:
        for fine, what, text in _findings(check, settings):
            print(clean(f"{'ok  ' if fine else 'MEND'}  {what:<10}  {text}"))
            good = good and fine
    return exits.OK if good else exits.NO


def _findings(
    check: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Iterator[Finding]:
    """What a check finds; one that cannot look says why, and the others go on."""
    try:
        yield from check(settings)
    except SidekickError as error:
        yield False, check.__name__.lstrip("_"), error.message


def _machine(settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield sys.version_info >= (3, 11), "python", f"{version} (3.11 or newer is needed)"
    tmux = shutil.which("tmux")
    if tmux is None:
        yield False, "tmux", "not found; install it: apt-get install tmux, or brew install tmux"
    else:
        done = subprocess.run(
            [tmux, "-V"], capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        yield done.returncode == 0, "tmux", f"{done.stdout.strip()} at {tmux}"
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * settings.slots + 64
    yield limit >= needed, "files", f"{limit} open files allowed, {needed} needed (ulimit -n)"


def _environment(_settings: Settings) -> Iterator[Finding]:
    known = {*variables(), CONFIG_VARIABLE, *OWN_VARIABLES, *VARIABLES}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            yield False, "variables", f"{name} is no setting; config.yaml's schema has them all"


def _sessions(settings: Settings) -> Iterator[Finding]:
    try:
        seen = build_runtime(settings, os.environ).observe()
    except SidekickError as error:
        yield False, "sessions", error.message
        return
    if isinstance(seen, Unknown):
        yield False, "sessions", seen.message
    else:
        count = len(seen.sessions) if isinstance(seen, Sessions) else 0
        yield True, "sessions", f"tmux can be asked; {count} sessions of ours"


def _list(settings: Settings) -> Iterator[Finding]:
    try:
        choice = source_choice(settings, os.environ)
        yield True, "list", f"its kind is {choice.kind} ({choice.why})"
        waits = pending(settings.paths.state, choice.kind)
        if waits:
            text = f"{waits} was in use before; to use {choice.kind} now: sidekick source approve"
            yield False, "list", text
        if choice.kind == "sheets":
            yield from _account(settings)
        schema = read_row_schema(settings.paths.schemas / SCHEMA)
        source = build_source(settings, schema, os.environ)
        with closing(source):
            rows = len(source.read().rows)
            text = f"{source.name}: {rows} rows; its rows are checked by: sidekick validate"
            yield True, "list", text
            if choice.kind == "sheets" and not _by_key(settings):
                cast("GoogleSheet", source).probe()
                yield True, "list", "can be written"
    except SidekickError as error:
        yield False, "list", error.message
        return
    file = source.watched
    if file is not None:
        writable = os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
        text = "can be written" if writable else "cannot be written: no status would reach it"
        yield writable, "list", f"{file} and its folder {text}"


def _by_key(settings: Settings) -> bool:
    """Whether the sheet is asked for by an API key, which writes nowhere."""
    found = find_credentials(settings.priority_source.sheets.credentials_file, os.environ)
    return found is not None and bool(found.key)


def _account(settings: Settings) -> Iterator[Finding]:
    """Whom the sheet must be shared with."""
    file = settings.priority_source.sheets.credentials_file
    found = find_credentials(file, os.environ)
    if found is None:
        return  # what reads the sheet says so
    if found.key:
        text = f"{found.where}: an API key reads public sheets, and no status is written"
        yield True, "account", text
        return
    account = found.account()
    who = f"{account}: share the sheet with it, as an editor" if account else "no service account"
    yield True, "account", f"{found.where}; {who}"


def _folders(settings: Settings) -> Iterator[Finding]:
    for name in ("state", "logs", "runs", "workspaces"):
        folder = getattr(settings.paths, name)
        there = next(path for path in (folder, *folder.parents) if path.exists())
        writable = os.access(there, os.W_OK)
        free = shutil.disk_usage(there).free
        text = f"{folder}: {free // _MEGABYTE} MB free"
        if not writable:
            text += f", and {there} cannot be written"
        yield writable and free > _LEAST_FREE, name, text


def _controller(settings: Settings) -> Iterator[Finding]:
    holder = controller_of(settings)
    section = settings.server
    if holder:
        yield True, "controller", f"runs as process {holder.pid}"
        report = read_report(settings.paths.state / DATABASE)
        if report is not None and report.source.rival:
            yield False, "controller", report.source.rival
        return
    with socket.socket(socket.AF_INET6 if ":" in section.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((section.host, section.port))
        except OSError as error:
            text = f"{section.host}:{section.port}: {error.strerror}; set server.port"
            yield False, "server", text
            return
    yield True, "server", f"{section.host}:{section.port} is free"
