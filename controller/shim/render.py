"""What a person sees of a headless agent: its stream, rendered into the pane."""

from controller.shim.escapes import rewrite


class Renderer:
    """Turns the agent's stream into what its pane shows."""

    def feed(self, data: bytes) -> bytes:
        """Render the next part of the stream.

        Args:
            data: The part, cut anywhere.

        Returns:
            What the pane shall show; it may come later than its cause.
        """
        raise NotImplementedError

    def skip(self) -> None:
        """Forget what is half rendered, for a part of the stream is left out here."""
        raise NotImplementedError


class Plain(Renderer):
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
            Its text and its colours.
        """
        text, self._rest = rewrite(self._rest + data, True, {})
        return text

    def skip(self) -> None:
        """Forget the beginning of a sequence."""
        self._rest = b""
