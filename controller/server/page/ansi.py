"""Colours of a terminal as classes of the page's style sheet, which knows sixteen of them."""

from markupsafe import Markup, escape
from rich.ansi import AnsiDecoder
from rich.color import Color, ColorSystem
from rich.style import Style

from controller.server.page.rendering import safe


def to_html(line: str) -> Markup:
    """A line with the escapes that colour it, as spans; whatever else it has is text."""
    found = Markup()
    for text in AnsiDecoder().decode(line):
        at = 0
        for start, end, style in sorted(text.spans, key=lambda span: span.start):
            classes = _classes(style) if isinstance(style, Style) else ""
            found += escape(safe(text.plain[at:start]))
            words = escape(safe(text.plain[start:end]))
            found += Markup('<span class="{}">{}</span>').format(classes, words)
            at = end
        found += escape(safe(text.plain[at:]))
    return found


def _classes(style: Style) -> str:
    """The style's classes: `f1` is red letters, `b1` a red ground."""
    front, ground = style.color, style.bgcolor
    if style.reverse:
        front, ground = ground, front
    named = {
        "bold": style.bold,
        "dim": style.dim,
        "italic": style.italic,
        "underline": style.underline,
        "strike": style.strike,
        "reverse": style.reverse and front is None and ground is None,
        f"f{_number(front)}": _number(front) is not None,
        f"b{_number(ground)}": _number(ground) is not None,
    }
    return " ".join(name for name, on in named.items() if on)


def _number(colour: Color | None) -> int | None:
    """The nearest of the sixteen colours; None for the terminal's own."""
    if colour is None or colour.is_default:
        return None
    return colour.downgrade(ColorSystem.STANDARD).number
