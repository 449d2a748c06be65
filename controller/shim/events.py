"""Events and text: what is printed by an agent that prints its events as JSON, a line each."""

import time

from controller.shim.folder import RunFolder
from controller.shim.journal import Journal
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, loads
from controller.shim.streams import renderer

_LONGEST = 4_000_000
"""Bytes of a line that is waited for; a longer one is text. The controller reads 4 MB at once."""

_RATE = 2000
"""Events that are looked at in a second: 0.1 s of work, and far more than anybody reads. Of a flood
the rest is kept unseen, which takes a tenth of the time."""

_EVENTS, _ERRORS = 1, 2
_OFF = b"\x1b[m"


class Events:
    """Keeps the events, and makes text of everything.

    Args:
        folder: The run's folder.
        spec: Says where the agent works, and how large files may grow.
        form: The form of the events, as the specification names it.
    """

    def __init__(self, folder: RunFolder, spec: Spec, form: str) -> None:
        self._journal = Journal(folder, spec.log_bytes, spec.log_files)
        self._render = renderer(form, spec.folder.decode("utf-8", "replace"))
        self._held = bytearray()
        self._within = False
        self._lines: list[bytes] = []
        self._text: list[bytes] = []
        self._speaker = 0
        self._open = False
        self._coloured = False
        self._second = 0
        self._seen = 0
        self._skipped = 0

    def feed(self, data: bytes) -> bytes:
        """Take the next part of the standard output.

        Args:
            data: The part, cut anywhere.

        Returns:
            What a person reads of it; the beginning of an event waits for its end.
        """
        at = time.time()
        if self._held:
            end = data.find(b"\n") + 1
            self._held += data[:end] if end else data
            if not end and len(self._held) <= _LONGEST:
                return b""
            line, self._held = bytes(self._held), bytearray()
            self._take(line, at)
            data = data[end:] if end else b""
        self._cut(data, at)
        return self._flush()

    def feed_errors(self, data: bytes) -> bytes:
        """Take the next part of the standard error: text, whatever it looks like.

        Args:
            data: The part.

        Returns:
            The same, on a line of its own where the rest stands on another.
        """
        self._say(_ERRORS, data)
        return self._flush()

    def end(self) -> bytes:
        """Take the end of the standard output.

        Returns:
            The line that was cut by it.
        """
        held, self._held = bytes(self._held), bytearray()
        if held:
            self._take(held, time.time())
        self._tell_skipped()
        return self._flush()

    def close(self) -> None:
        """Close the file of the events."""
        self._journal.close()

    def _cut(self, data: bytes, at: float) -> None:
        """Part what begins like an event from the rest, which goes on as it is and in one piece."""
        start = 0
        while start < len(data):
            if not self._within and data.startswith(b"{", start):
                end = data.find(b"\n", start) + 1
                if not end:
                    self._held += data[start:]
                    return
                self._take(data[start:end], at)
            else:
                end = data.find(b"\n{", start) + 1 or len(data)
                self._say(_EVENTS, data[start:end])
                self._within = data[end - 1] != 0x0A
            start = end

    def _take(self, line: bytes, at: float) -> None:
        """Keep and show an event; what is none is text."""
        whole = len(line) <= _LONGEST and line.rstrip().endswith(b"}")
        if whole and self._is_flood(at):
            self._skipped += 1
            self._keep(line, at)
            return
        event = None
        if whole:
            with Suppress(ValueError):
                event = loads(line.decode())
        if not isinstance(event, dict):
            self._say(_EVENTS, line)
            self._within = not line.endswith(b"\n")
            return
        self._keep(line, at)
        self._show(self._render(event, at))

    def _is_flood(self, at: float) -> bool:
        """Count a line; True where this second has seen enough."""
        if self._second != int(at):
            self._second, self._seen = int(at), 0
            self._tell_skipped()
        self._seen += 1
        return self._seen > _RATE

    def _tell_skipped(self) -> None:
        if self._skipped:
            note = f"[{self._skipped} events not shown; all of them are in stream.jsonl]\n"
            self._skipped = 0
            self._show(note)

    def _keep(self, line: bytes, at: float) -> None:
        # A carriage return can only stand between tokens, and would end the line for some readers.
        printed = line.strip().replace(b"\r", b" ")
        self._lines.append(b'{"at": %.3f, "event": %b}\n' % (at, printed))

    def _show(self, text: str) -> None:
        if not text:
            return
        if self._coloured:
            self._text.append(_OFF)
            self._coloured = False
        self._say(0, text.encode("utf-8", "replace"))

    def _say(self, speaker: int, text: bytes) -> None:
        """Pass text on; who speaks next begins a line."""
        if self._open and speaker != self._speaker:
            self._text.append(b"\n")
        self._text.append(text)
        self._speaker = speaker
        self._open = not text.endswith(b"\n")
        self._coloured = self._coloured or (speaker > 0 and b"\x1b" in text)

    def _flush(self) -> bytes:
        if self._lines:
            self._journal.write(b"".join(self._lines))
            self._lines.clear()
        text = b"".join(self._text)
        self._text.clear()
        return text
