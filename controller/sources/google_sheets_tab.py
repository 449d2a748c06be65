"""Which tab is the list, where the settings name none: the one that was first at the first read.

A controller keeps it beyond its end. Else after a restart, or for a command, whichever tab stands
first by then would be the list, an archive perhaps.
"""

import json
from contextlib import suppress
from pathlib import Path

from controller.files import make_folder, read_small, write_whole
from controller.sources.google_sheets_address import SheetAddress


class TabNote:
    """Keeps the number of a sheet's tab in a file.

    Args:
        path: The file.
        address: The sheet. One that names its tab has no need of a note, and gets none.
    """

    def __init__(self, path: Path, address: SheetAddress) -> None:
        self._path = path
        self._name = "" if address.tab or address.gid is not None else str(address)
        self._kept: int | None = None

    def load(self) -> int | None:
        """The number; None where it is not known, or cannot be read."""
        if self._name:
            with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
                found = json.loads(read_small(self._path))
                if found["name"] == self._name:
                    self._kept = int(found["gid"])
        return self._kept

    def keep(self, gid: int) -> None:
        """Keep the number; where that fails it is tried again with the next read."""
        if self._name and gid != self._kept:
            with suppress(OSError):
                make_folder(self._path.parent)
                document = {"name": self._name, "gid": gid}
                write_whole(self._path, json.dumps(document).encode())
                self._kept = gid
