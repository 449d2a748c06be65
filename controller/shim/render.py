"""What a person sees of a headless agent: its stream, rendered into the pane."""

from controller.shim.escapes import split, without_controls


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
        first, pairs, self._rest = split(self._rest + data)
        parts = [without_controls(first)]
        for sequence, text in pairs:
            if _is_colour(sequence):
                parts.append(sequence)
            parts.append(without_controls(text))
        return b"".join(parts)

    def skip(self) -> None:
        """Forget the beginning of a sequence."""
        self._rest = b""


def _is_colour(sequence: bytes) -> bool:
    return (
        sequence.startswith(b"\x1b[")
        and sequence.endswith(b"m")
        and not sequence[2:-1].strip(b"0123456789;:")
    )
