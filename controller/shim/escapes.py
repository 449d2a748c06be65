"""Terminal escape sequences: where they are, and text without them."""

# ECMA-48 names the ranges: parameters 0x30-3F, intermediates 0x20-2F, finals from 0x40 (CSI) or
# 0x30 (others) to 0x7E.
_PARAMETERS = bytes(range(0x20, 0x40))
_INTERMEDIATES = bytes(range(0x20, 0x30))
_STRINGS = b"]PX^_k"  # OSC, DCS, SOS, PM, APC, and the title string of screen and tmux

_HELD = 4096
"""The longest sequence that is waited for; none of use to a person is longer."""

_CONTROLS = bytes([*(code for code in range(0x20) if code not in b"\b\t\n\r"), 0x7F])
_C1 = [bytes([0xC2, code]) for code in range(0x80, 0xA0)]

_MOVES = {b"H": b"\n", b"f": b"\n", b"E": b"\n", b"B": b"\n", b"d": b"\n", b"C": b" "}
"""Programs that draw a screen move the cursor instead of writing a line feed or a space."""

LINES, LENGTH = 20, 500
"""The bounds of `tail` in the contract."""


def split(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    """Take a stream apart.

    Args:
        data: What a program wrote.

    Returns:
        The text before the first sequence; pairs of a sequence and the text after it; and the
        beginning of a sequence whose rest has not come yet.
    """
    first, *parts = data.split(b"\x1b")
    pairs: list[tuple[bytes, bytes]] = []
    for index, part in enumerate(parts):
        end = _end(part)
        if end is None and index == len(parts) - 1 and len(part) < _HELD:
            return first, pairs, b"\x1b" + part
        end = len(part) if end is None else end
        pairs.append((b"\x1b" + part[:end], part[end:]))
    return first, pairs, b""


def without_controls(text: bytes) -> bytes:
    """Remove control characters, but for backspace, tabulator, line feed and carriage return.

    Args:
        text: Text without escape sequences.

    Returns:
        Text that moves a terminal's cursor at most within its line.
    """
    text = text.translate(None, _CONTROLS)
    if b"\xc2" in text:
        for control in _C1:
            text = text.replace(control, b"")
    return text


def last_lines(data: bytes) -> list[str]:
    """Make the end of a stream readable.

    Args:
        data: The end of what a program wrote, possibly cut anywhere.

    Returns:
        Its last lines that are not blank, within the contract's bounds.
    """
    first, pairs, _ = split(data)
    parts = [first]
    for sequence, text in pairs:
        if sequence.startswith(b"\x1b["):
            parts.append(_MOVES.get(sequence[-1:], b""))
        parts.append(text)
    lines: list[str] = []
    for raw in reversed(b"".join(parts).split(b"\n")):
        # What stands before a carriage return was overwritten: a progress bar, most often.
        drawn = without_controls(raw.rstrip(b"\r").rpartition(b"\r")[2].replace(b"\b", b""))
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
