"""The scrub: secrets covered in a log that another process appends to."""

import posix

from controller.redaction import Redactor
from controller.shim.stdlib import Suppress

_CHUNK = 1 << 20
_MOST = 64 << 20
"""Bytes that are looked at in a turn: far more than a terminal takes in a second."""


class Scrub:
    """Writes stars over secrets, as many as they have bytes.

    So nothing moves for who appends to the log, or reads it meanwhile.

    Args:
        fd: The log, to read and to write; -1 for none.
        redactor: Knows the secrets.
    """

    def __init__(self, fd: int, redactor: Redactor) -> None:
        self._fd = fd
        self._redactor = redactor
        self._clean = 0

    def go_on(self) -> None:
        """Cover what came since; what may be the beginning of a secret is looked at again."""
        self._cover(last=False)

    def end(self) -> None:
        """Cover what is left, for nothing comes any more."""
        self._cover(last=True)

    def _cover(self, last: bool) -> None:
        if self._fd < 0:
            return
        with Suppress(OSError):
            size = posix.fstat(self._fd).st_size
            self._clean = self._clean if self._clean <= size else 0  # it was emptied
            until = min(size, self._clean + _MOST)
            while self._clean < until:
                data = posix.pread(self._fd, _CHUNK, self._clean)
                spans, keep = self._redactor.find(data, last and self._clean + len(data) >= size)
                for start, end in spans:
                    posix.pwrite(self._fd, b"*" * (end - start), self._clean + start)
                if not keep:
                    return
                self._clean += keep
