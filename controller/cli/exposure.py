"""What other users of this machine could change or read, for `doctor`."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from controller.files import FOLDER_MODE, OTHERS, user_name
from controller.server.access import is_loopback
from controller.settings import Settings
from controller.settings.notifications import URLS_VARIABLE

Finding = tuple[bool, str, str]
"""Whether it is good, what was looked at, and what was found or is to be done."""


def exposure(settings: Settings) -> Iterator[Finding]:
    """Who may write what programs run by, who may read what is ours, and who reaches the server."""
    faults = [*_writable(settings), *_readable(settings), *_secrets(settings)]
    yield from ((False, "trust", fault) for fault in faults)
    if not faults:
        yield True, "trust", "no other user can change what runs here, or read what it keeps"
    host = settings.server.host
    if not is_loopback(host):
        yield True, "server", f"{host}: whoever reaches it may read /metrics and /healthz"


def _writable(settings: Settings) -> Iterator[str]:
    """Whoever may write one of these decides what runs as us."""
    paths = settings.paths
    list_file = settings.priority_source.csv.file
    named = {paths.state, paths.logs, paths.runs, paths.schemas, list_file, list_file.parent}
    if settings.file is not None:
        named |= {settings.file, settings.file.parent}
    above = {folder for path in named for folder in path.parents}
    for path in sorted(named | above):
        fault = _write_fault(path)
        if fault:
            yield f"{path} {fault}: whoever writes there decides what runs as you"


def _write_fault(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    if found.st_uid not in {0, os.getuid()}:
        return f"belongs to another user ({user_name(found.st_uid)})"
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return ""  # as /tmp: others can neither rename nor remove what is ours
    if found.st_mode & stat.S_IWOTH:
        return "may be written by everybody (chmod o-w)"
    if found.st_mode & stat.S_IWGRP and not _is_private(found.st_gid):
        return "may be written by a group (chmod g-w)"
    return ""


def _readable(settings: Settings) -> Iterator[str]:
    """Folders that we make 0700; one that was there before is left as it is."""
    for folder in (settings.paths.state, settings.paths.logs, settings.paths.runs):
        try:
            mode = stat.S_IMODE(folder.stat().st_mode)
        except OSError:
            continue
        if mode & OTHERS:
            yield f"{folder} is open to others (mode {mode:o}): chmod {FOLDER_MODE:o} {folder}"


def _secrets(settings: Settings) -> Iterator[str]:
    """Files of secrets, where they lie on this machine."""
    section, config = settings.notifications, settings.file
    files = [
        *(
            (agent.secrets_file, f"the secrets of {name}")
            for name, agent in settings.agents.items()
        ),
        (settings.priority_source.sheets.credentials_file, "the key of the sheet's account"),
        (section.urls_file, "the addresses of notifications"),
    ]
    for file, what in files:
        path = Path(file) if file else None
        if path and path.is_file() and path.stat().st_mode & OTHERS:
            yield f"{path}, {what}, is open to others: chmod 600 {path}"
    in_file = section.urls and URLS_VARIABLE not in os.environ
    if in_file and config and config.stat().st_mode & OTHERS:
        yield (
            f"{config} holds addresses of notifications and is open to others: put them into "
            "notifications.urls_file"
        )


def _is_private(group: int) -> bool:
    """Whether a group is a user's own, as many systems make one for each."""
    try:
        found, user = grp.getgrgid(group), pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}
