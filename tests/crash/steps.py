"""Steps: the system calls that change the world beside the process, told apart and named."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from controller.runs.entry import RESERVE
from tests.crash.calls import SILENT
from tests.crash.pilot import LOG, STARTS, Board
from tests.crash.tracee import Call

_RUN = re.compile(r"\d{17}-[0-9a-f]{6}")
_CHANCE = re.compile(r"(?<=[-.])[0-9a-f]{8,}")
_OBSERVATION = "list-panes"
_PATHS = {
    "open": 0, "openat": 1, "creat": 0, "mkdir": 0, "mkdirat": 1, "rmdir": 0, "unlink": 0,
    "unlinkat": 1, "rename": 0, "renameat": 1, "renameat2": 1, "chmod": 0, "truncate": 0,
    "link": 0, "linkat": 1, "symlink": 1, "fchmodat": 1, "utimensat": 1, "setxattr": 0,
}  # fmt: skip
"""Which argument names the file."""
_IN_PLACE = {
    "write", "pwrite64", "writev", "ftruncate", "fallocate", "fchmod", "fchown", "fsetxattr",
}  # fmt: skip
_STATS = {"newfstatat": 1, "stat": 0, "statx": 1}
_ON_FILES = {"read", "pread64", "fsync", "fdatasync", "getdents64"}
_OTHERS = (f"/{STARTS}", "/config.yaml")
"""Files that are no matter of the controller's, or that tests of their own are about."""
_SYNCS = {"fsync", "fdatasync"}
_STARTS = {"vfork", "fork", "clone", "clone3"}
_WAITS = {"wait4", "waitid"}


class Steps:
    """Names the steps of one process.

    Args:
        root: The folder of the experiment.
        board: Tells which program is started.
    """

    def __init__(self, root: Path, board: Board) -> None:
        self._root = f"{root}/"
        self._board = board
        self._file = ""
        self._in_a_row = 0
        self._looked = False
        self._child = ""

    def name(self, call: Call) -> str:
        """What the call is about to change; empty where that is nothing, or nothing new.

        A look at the sessions is a step only where something was changed since the last one. Of
        the writes to one file in a row the first two are steps: before the second it is torn.
        """
        if call.name in _SYNCS:
            self._file = ""  # what is written next may count on what was
        if call.number in SILENT:
            return ""
        if call.name in _STARTS:
            return self._start()
        if call.name in _WAITS:
            child, self._child = self._child, ""
            return child and f"end of {child}"
        name, file = self._change(call)
        if not name:
            return ""
        self._looked = False
        self._in_a_row = self._in_a_row + 1 if file and file == self._file else 1
        self._file = file
        return name if self._in_a_row <= 2 else ""

    def fallible(self, call: Call) -> str:
        """The call, where it may fail: on a file of the experiment, or the start of a program."""
        kind = call.name
        if kind in _STARTS:
            return f"start of {self._board.starts.split()[0]}"
        if kind in _PATHS or kind in _STATS:
            path = call.text({**_PATHS, **_STATS}[kind])
        elif kind in _IN_PLACE or kind in _ON_FILES:
            path = call.file(0)
        else:
            return ""
        inside = path.startswith(self._root) and not path.endswith((LOG, *_OTHERS))
        flags = call.arguments[2] if kind == "openat" else 0
        how = "to write " if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else ""
        return f"{kind} {how}{self._short(path)}" if inside else ""

    def _start(self) -> str:
        words = self._board.starts.split()
        self._file = self._child = ""
        if _OBSERVATION in words:
            before, self._looked = self._looked, True
            return "" if before else f"start of tmux {_OBSERVATION}"
        if words[:1] != ["tmux"]:
            return ""  # of the libraries, to find others
        self._looked = False
        self._child = self._short(" ".join(("tmux", *words[-2:])))
        return f"start of {self._child}"

    def _change(self, call: Call) -> tuple[str, str]:
        """Its name, and the file whose content or attributes are changed in place."""
        kind = call.name
        if kind == "kill":
            itself, asks = call.arguments[0] == call.pid, call.arguments[1] == 0
            return "" if itself or asks else f"kill {call.arguments[1]}", ""
        if kind in _IN_PLACE:
            file = call.file(0)
            wakes = file.startswith("pipe:") and call.arguments[2] == 1
            private = file.startswith(("/memfd:", "/dev/")) or file.endswith(LOG)
            return "" if wakes or private else f"{kind} {self._short(file)}", file
        if kind in _PATHS:
            return self._path(call, call.text(_PATHS[kind])), ""
        return kind, ""

    def _path(self, call: Call, path: str) -> str:
        if path.startswith(("/proc/", "/dev/")) or path.endswith(LOG):
            return ""
        there = os.path.lexists(Path(self._root, path))
        if call.name in {"open", "openat"}:
            flags = call.arguments[1 if call.name == "open" else 2]
            makes = flags & os.O_TRUNC or (flags & os.O_CREAT and not there)
            if not makes:
                return ""
        elif there == (call.name in {"mkdir", "mkdirat"}):
            return ""  # it fails, and is meant to
        return f"{call.name} {self._short(path)}"

    def _short(self, text: str) -> str:
        text = _RUN.sub("RUN", text.replace(self._root, ""))
        return _CHANCE.sub("…", text)


def leftovers(root: Path) -> Iterator[Path]:
    """Files and folders that are made to be renamed or filled at once, and were not."""
    for folder in (root / "state", root / "desired", *_run_folders(root)):
        for entry in folder.glob(".*"):
            try:
                kept = not stat.S_ISREG(entry.lstat().st_mode) or _has_its_reason(entry)
            except FileNotFoundError:
                continue  # a shim has just renamed it
            if not kept:
                yield entry
    for folder in _run_folders(root):
        meta = folder / "meta.json"
        if not meta.exists() or not meta.read_bytes():
            yield folder


def _has_its_reason(entry: Path) -> bool:
    """A lock, a list's old file that is still watched, the room for a run's end.

    And the draft of a shim that was killed as it wrote how a run ended; it goes with the run.
    """
    drafted = entry.name.startswith(".exit.json.") and not entry.name.endswith(".new")
    return drafted or entry.name.endswith((".lock", RESERVE)) or is_retired(entry.name)


def is_retired(name: str) -> bool:
    """Whether a file was in the list's place a moment ago."""
    return ".sidekick-" in name and ".sidekick-new-" not in name


def _run_folders(root: Path) -> list[Path]:
    return [folder for folder in (root / "runs").glob("*") if folder.is_dir()]
