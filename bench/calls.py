"""What is asked of tmux, and how often: a `tmux` before the real one that notes each call."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.world import World


def calls_of(world: World, work: Callable[[], object]) -> list[list[str]]:
    """The arguments of every call of tmux that a piece of work makes; it is not timed."""
    real = shutil.which("tmux")
    if real is None:
        raise FileNotFoundError("the program tmux is not on the PATH")
    notes = world.root / "calls"
    notes.mkdir()
    wrapper = world.bin / "tmux"
    wrapper.write_text(_WRAPPER.format(notes=notes, real=real), encoding="utf-8")
    wrapper.chmod(0o700)
    try:
        work()
        files = sorted(notes.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [os.fsdecode(path.read_bytes()).split("\0")[:-1] for path in files]
    finally:
        with suppress(OSError):
            wrapper.unlink()
        shutil.rmtree(notes, ignore_errors=True)


def raw_list(world: World, call: list[str]) -> Callable[[], object]:
    """One raw `tmux list-panes -a` with the very format that a call asked for, no filter.

    Raises:
        RuntimeError: The call is no listing, so that there is nothing to be held against.
    """
    if "list-panes" not in call or "-F" not in call:
        raise RuntimeError(f"no list-panes -F in what was asked of tmux: {call}")
    columns = call[call.index("-F", call.index("list-panes")) + 1]
    return lambda: world.tmux("list-panes", "-a", "-F", columns).check_returncode()


def files_of(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file below a folder → its inode, size and time, which tell whether it was written."""
    found = {}
    for place, _, files in os.walk(folder):
        for name in files:
            path = f"{place}/{name}"
            with suppress(OSError):
                stat = os.lstat(path)
                found[path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found


_WRAPPER = """\
#!/bin/sh
printf '%s\\0' "$@" >"{notes}/$$"
exec {real} "$@"
"""
