"""Terminal escape sequences: where they are, and text without them."""

from controller.shim.stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# ECMA-48 names the ranges: parameters 0x30-3F, intermediates 0x20-2F, finals from 0x40 (CSI) or
# 0x30 (others) to 0x7E.
_PARAMETERS = bytes(range(0x20, 0x40))
_INTERMEDIATES = bytes(range(0x20, 0x30))
_STRINGS = b"]PX^_k"  # OSC, DCS, SOS, PM, APC, and the title string of screen and tmux

_HELD = 4096
"""The longest sequence that is waited for; none of use to a person is longer."""

_COLOURS = b"0123456789;:"
_BRACKET = 0x5B

_CONTROLS = bytes([*(code for code in range(0x20) if code not in b"\b\t\n\r\x1b"), 0x7F])
_REPLACEMENT = "\ufffd".encode()
_C1 = [bytes([0xC2, code]) for code in range(0x80, 0xA0)]

_MOVES = {b"H": b"\n", b"f": b"\n", b"E": b"\n", b"B": b"\n", b"d": b"\n", b"C": b" "}
"""Programs that draw a screen move the cursor instead of writing a line feed or a space."""

LINES, LENGTH = 20, 500
"""The bounds of `tail` in the contract."""


def rewrite(data: bytes, colours: bool, moves: "Mapping[bytes, bytes]") -> tuple[bytes, bytes]:
    """Take the escape sequences and control characters out of a stream.

    Args:
        data: What a program wrote.
        colours: Whether those that set colours stay.
        moves: What stands in for control sequences, by their final byte.

    Returns:
        Text that moves a terminal's cursor at most within its line, and the beginning of a
        sequence whose rest has not come yet.
    """
    first, *parts = data.split(b"\x1b")
    out = [first]
    rest = b""
    for index, part in enumerate(parts):
        # Colours are nearly all there is in a log, and take a tenth of the time this way.
        at = part.find(b"m", 1, 32)
        if at > 0 and part[0] == _BRACKET and not part[1:at].strip(_COLOURS):
            out.append(b"\x1b" + part if colours else part[at + 1 :])
            continue
        end = _end(part)
        if end is None and index == len(parts) - 1 and len(part) < _HELD:
            rest = b"\x1b" + part
        elif end is not None:
            if part[0] == _BRACKET:
                out.append(moves.get(part[end - 1 : end], b""))
            out.append(part[end:])
    text = b"".join(out).translate(None, _CONTROLS)
    if b"\xc2" in text:
        for control in _C1:
            # By something, for what stood around it could form another one.
            text = text.replace(control, _REPLACEMENT)
        if text.endswith(b"\xc2") and not rest:
            text, rest = text[:-1], b"\xc2"
    return text, rest


def last_lines(data: bytes) -> list[str]:
    """Make the end of a stream readable.

    Args:
        data: The end of what a program wrote, possibly cut anywhere.

    Returns:
        Its last lines that are not blank, within the contract's bounds.
    """
    text, _ = rewrite(data, False, _MOVES)
    lines: list[str] = []
    for raw in reversed(text.split(b"\n")):
        # What stands before a carriage return was overwritten: a progress bar, most often.
        drawn = raw.rstrip(b"\r").rpartition(b"\r")[2].replace(b"\b", b"")
        line = drawn.decode("utf-8", "replace").rstrip()
        if line:
            lines.append(line[:LENGTH])
            if len(lines) == LINES:
                break
    return lines[::-1]


def _end(part: bytes) -> int | None:
    """Find the length of the sequence whose escape character was just before; None: unfinished."""
    if not part:
        return None
    if part[0] in _STRINGS:
        # The next escape character ends it too, and is the next part's. A line feed is never
        # within one, but after a stray introducer all later output would be.
        ends = [at for at in (part.find(b"\a"), part.find(b"\n")) if at >= 0]
        return min(ends) + (part[min(ends)] == 7) if ends else None
    skipped = _PARAMETERS if part[:1] == b"[" else _INTERMEDIATES
    start = 1 if part[:1] == b"[" else 0
    at = len(part) - len(part[start:].lstrip(skipped))
    if at == len(part):
        return None
    # An impossible final byte ends the sequence and is text.
    return at + 1 if 0x30 <= part[at] <= 0x7E else at
