"""Small disks: real file systems in a mount namespace of their own, full or read-only at will.

Nobody else sees them, and the kernel takes them away with the last process in the namespace.
"""

import ctypes
import os
import subprocess
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_LIBC = ctypes.CDLL(None, use_errno=True)
_FILLER = "filler"


class Disks:
    """A mount namespace for this thread and what it starts from here on.

    Raises:
        PermissionError: This user may have none.
    """

    def __init__(self) -> None:
        self._outside = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self._mounted: list[Path] = []
        if _LIBC.unshare(_CLONE_NEWNS):
            os.close(self._outside)
            raise PermissionError(os.strerror(ctypes.get_errno()))
        _mount("--make-rprivate", "/")

    def mount(self, folder: Path, *, size: str = "2m", inodes: int = 0) -> None:
        """Put an empty disk in the place of a folder; `inodes` files at most, 0 for any number."""
        folder.mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", f"size={size},nr_inodes={inodes},mode=0700", "none", folder)
        self._mounted.append(folder)

    def read_only(self, folder: Path, *, on: bool = True) -> None:
        """Let the disk be read-only, or writable again; whoever has a file open to write stays."""
        _mount("-o", f"remount,{'ro' if on else 'rw'}", folder)

    def close(self) -> None:
        """Take every disk away, and go back where we came from."""
        for folder in reversed(self._mounted):
            subprocess.run(("umount", "-l", folder), check=False, timeout=10)
        if _LIBC.setns(self._outside, _CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(self._outside)


def fill(folder: Path) -> None:
    """Write until no byte more fits."""
    with (folder / _FILLER).open("ab", buffering=0) as file:
        for size in (65_536, 4096, 1):
            while _appended(file.fileno(), size):
                pass


def fill_inodes(folder: Path) -> None:
    """Make files until no more can be made."""
    (folder / _FILLER).mkdir()
    number = 0
    while True:
        try:
            (folder / _FILLER / str(number)).touch()
        except OSError:
            return
        number += 1


def free(folder: Path) -> None:
    """Give back what was filled up."""
    filler = folder / _FILLER
    if filler.is_dir():
        for path in filler.iterdir():
            path.unlink()
        filler.rmdir()
    else:
        filler.unlink()


def _appended(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"\0" * size) == size
    except OSError:
        return False


def _mount(*words: str | Path) -> None:
    subprocess.run(("mount", *words), check=True, capture_output=True, timeout=10)
