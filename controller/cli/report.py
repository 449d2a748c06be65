"""`report`: an agent's own word on its work, from inside its session.

It is told in the run's folder (docs/run-folder.md), which the environment names. No settings are
read, and nothing is imported that a line of JSON does without: agents report often.
"""

import argparse
import fcntl
import json
import os
import stat
import time

from controller.cli import exits
from controller.core.errors import TerminalError, TransientError
from controller.redaction import Redactor, secret_values

FOLDER_VARIABLE = "SIDEKICK_RUN_DIR"
MESSAGE_LIMIT = 4096
"""Characters of a message; the controller reads no more."""
FILE_LIMIT = 1_048_576
"""Bytes of events.jsonl, after which only its newest word is kept."""
TURN_SECONDS = 1.0
_FILE = "events.jsonl"
_TAIL_BYTES = 65_536
_BESIDE = frozenset({"progress", "next"})
"""Words after which an earlier one still stands."""


def report(options: argparse.Namespace) -> int:
    """Append the report to the run's folder."""
    path = os.environ.get(FOLDER_VARIABLE, "")
    folder = _open_folder(path)
    try:
        _take_turn(folder)
        _append(folder, _line(options.state, options.message or options.text))
    except OSError as error:
        raise TransientError("ReportFailed", f"{path}/{_FILE}: {error.strerror}") from error
    finally:
        os.close(folder)
    return exits.OK


def _open_folder(path: str) -> int:
    """The run's folder.

    Raises:
        TerminalError: We are in no session, or its folder is gone.
    """
    if not path:
        raise TerminalError(
            "NoSession",
            f"{FOLDER_VARIABLE} is not set: only an agent in a session of the controller reports",
        )
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise TerminalError("NoSession", f"{path}, the run's folder, is not there") from error
    try:
        os.stat("spec.json", dir_fd=folder)
    except OSError as error:
        os.close(folder)
        raise TerminalError("NoSession", f"{path} is no run's folder: no spec.json") from error
    return folder


def _take_turn(folder: int) -> None:
    """One report at a time, so that making room loses no other's line; nobody waits for long."""
    deadline = time.monotonic() + TURN_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return


def _line(state: str, message: str) -> bytes:
    message = Redactor(secret_values(os.environb)).text(message)
    text = message[:MESSAGE_LIMIT].encode("utf-8", "replace").decode()
    event = {"type": "report", "state": state, "message": text, "at": time.time()}
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def _append(folder: int, line: bytes) -> None:
    """Append by one write, to a plain file and nothing else.

    Raises:
        OSError: It cannot be written.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(_FILE, flags, 0o600, dir_fd=folder)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "is no plain file")
        size = status.st_size
        if size + len(line) > FILE_LIMIT:
            tail = os.pread(file, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
            _make_room(folder, _standing(tail) + line)
            return
        whole = size == 0 or os.pread(file, 1, size - 1) == b"\n"
        os.write(file, line if whole else b"\n" + line)
    finally:
        os.close(file)


def _standing(tail: bytes) -> bytes:
    """The line of the newest word that stands, where there is one."""
    for line in reversed(tail.splitlines(keepends=True)):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("state") not in _BESIDE and line.endswith(b"\n"):
            return line
    return b""


def _make_room(folder: int, content: bytes) -> None:
    """Begin the file anew, whole."""
    temporary = f".{_FILE}.new"
    file = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600, dir_fd=folder
    )
    try:
        os.write(file, content)
    finally:
        os.close(file)
    os.replace(temporary, _FILE, src_dir_fd=folder, dst_dir_fd=folder)
