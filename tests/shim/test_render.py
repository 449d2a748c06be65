"""What a stream may do to the pane, and what is left of it as text."""

import pytest

from controller.shim.escapes import last_lines
from controller.shim.render import Plain

DANGEROUS = [
    b"\x1b]0;title\a",
    b"\x1b]0;title\x1b\\",
    b"\x1b]52;c;c2VjcmV0\a",  # writes the clipboard
    b"\x1bktitle\x1b\\",
    b"\x1bP$qm\x1b\\",  # makes the terminal type an answer
    b"\x1b_apc\x1b\\",
    b"\x1b[6n",
    b"\x1b[2J",
    b"\x1b[?1049h",
    b"\x1b[>4;2m",  # looks like a colour, sets a keyboard mode
    b"\x1bc",
    b"\x1b(0",
    b"\x0e",
    b"\a",
    b"\x05",
    b"\x7f",
    b"\xc2\x9b6n",  # the same as ESC [ 6 n
    b"\xc2\xc2\x9b\x9b6n",
]


@pytest.mark.parametrize("sequence", DANGEROUS)
def test_dangerous_sequences_are_taken_out(sequence: bytes) -> None:
    """Text around a dangerous sequence stays, the sequence does nothing."""
    shown = Plain().feed(b"one " + sequence + b"two\n")
    assert b"\x1b" not in shown
    assert not any(control in shown for control in (b"\xc2\x9b", b"\x0e", b"\a", b"\x05", b"\x7f"))
    assert shown.startswith(b"one ")
    assert shown.endswith((b"one two\n", b"6ntwo\n"))


@pytest.mark.parametrize("sequence", [*DANGEROUS, b"\x1b[31m", b"\x1b[38:2:1:2:3m"])
def test_cut_anywhere(sequence: bytes) -> None:
    """A sequence that arrives byte by byte is rendered as if it came at once."""
    data = b"one " + sequence + b"two\n"
    plain = Plain()
    assert b"".join(plain.feed(bytes([byte])) for byte in data) == Plain().feed(data)


def test_text_and_colours_stay() -> None:
    """Colours, umlauts, tabulators and progress bars come through unchanged."""
    data = "\x1b[1;31mrot\x1b[0m\tä→😀\r10%\r\n\x1b[m".encode()
    assert Plain().feed(data) == data


def test_stray_introducer() -> None:
    """A sequence that never ends swallows a line at most, not all later output."""
    plain = Plain()
    shown = plain.feed(b"a\x1b]0;" + b"x" * 100) + plain.feed(b"y\nnext\n")
    assert shown == b"a\nnext\n"
    plain = Plain()
    plain.feed(b"\x1b[" + b"1" * 10_000)
    assert plain.feed(b"text") == b"text"


def test_skip() -> None:
    """After a gap, the half sequence before it is forgotten."""
    plain = Plain()
    plain.feed(b"\x1b[3")
    plain.skip()
    assert plain.feed(b"1mtext") == b"1mtext"


def test_last_lines() -> None:
    """The tail is the last 20 lines that are not blank, at most 500 characters each."""
    data = b"".join(b"line %d\n\n" % n for n in range(30)) + b"\xc3\xa4" * 600
    lines = last_lines(data)
    assert len(lines) == 20
    assert lines[0] == "line 11"
    assert lines[-1] == "ä" * 500


def test_last_lines_of_a_terminal() -> None:
    """Escapes and overwritten progress are removed; moves of the cursor separate words."""
    data = (
        b"\x1b]0;t\a\x1b[31mred\x1b[m\r\n 1%\r99%\r\n\x1b[5;1Hone\x1b[1Ctwo\x1b[6;1Hthree\xff\x1b["
    )
    assert last_lines(data) == ["red", "99%", "one two", "three\ufffd"]
    assert last_lines(b"") == []
