"""What a person sees of a headless agent: its stream, rendered into the pane."""

from controller.shim.escapes import rewrite


class Plain:
    """Shows text and colours as they are.

    Everything else that a stream could do to a terminal (its title, the clipboard, answers typed
    by the terminal, another character set) is taken out: the agent may print what it found.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Render the next part of the stream.

        Args:
            data: The part, cut anywhere.

        Returns:
            Its text and its colours; they may come later than their cause.
        """
        text, self._rest = rewrite(self._rest + data, True, {})
        return text

    def skip(self) -> None:
        """Forget the beginning of a sequence, for a part of the stream is left out here."""
        self._rest = b""
