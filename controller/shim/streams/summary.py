"""The last line of a turn: how it went, and what it took."""

import math
import time

from controller.shim.streams.ink import GREEN, OFF, RED, brief


def end(well: bool, word: object, *parts: str) -> str:
    """Show how a turn ended.

    Args:
        well: Whether it went well.
        word: How it ended, in a few words.
        parts: What it took; empty ones are left out.
    """
    sign, colour = ("✓", GREEN) if well else ("✗", RED)
    return f"{colour}{sign} {' · '.join(filter(None, (brief(word), *parts)))}{OFF}\n"


def number(value: object) -> float:
    """Take a value as a number of at least 0; what is none is 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= 1e15 else 0.0


def count(value: object, thing: str) -> str:
    """Show how many of a thing there were."""
    many = int(number(value))
    return f"{many} {thing}{'' if many == 1 else 's'}" if many else ""


def tokens(fresh: object, output: object, cached: object = 0) -> str:
    """Show tokens: read, of these from a cache, and written."""
    if not number(fresh) + number(output) + number(cached):
        return ""
    kept = f" ({_short(cached)} cached)" if number(cached) else ""
    return f"{_short(number(fresh) + number(cached))}{kept} → {_short(output)} tokens"


def dollars(value: object) -> str:
    """Show what it cost."""
    cost = number(value)
    return f"${cost:.2f}" if cost >= 0.1 else f"${cost:.4f}" if cost else ""


def seconds(value: object) -> str:
    """Show how long it took."""
    span = number(value)
    if span < 60:
        return f"{span:.0f} s" if span >= 10 else f"{span:.1f} s" if span else ""
    minutes, rest = divmod(int(span), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def clock(at: object) -> str:
    """Show a time of today, in the local zone; empty for what is none."""
    return time.strftime("%H:%M", time.localtime(number(at))) if number(at) else ""


def _short(value: object) -> str:
    many = number(value)
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if many >= size:
            return f"{math.floor(many / size * 10) / 10:g}{letter}"
    return f"{many:.0f}"
