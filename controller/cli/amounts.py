"""Amounts on the command line: numbers and times."""

import argparse

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def count(text: str) -> int:
    """A whole number from 0.

    Raises:
        argparse.ArgumentTypeError: It is none; the words that argparse tells.
    """
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0, as 20")
    return int(text)


def duration(text: str) -> float:
    """Seconds: a number with a unit (ms, s, m, h, d), several of them, or 0.

    Raises:
        argparse.ArgumentTypeError: It is none; the words that argparse tells.
    """
    wrong = argparse.ArgumentTypeError(f"{text!r} is no time; as 30s, 5m, 1h30m, 2d or 0")
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
    if rest == "0":
        return 0.0
    seconds, number = 0.0, ""
    while rest:
        unit = next((u for u in _UNITS if rest.startswith(u)), "")
        if unit:
            try:
                seconds += float(number) * _UNITS[unit]
            except ValueError:
                raise wrong from None
            number, rest = "", rest[len(unit) :]
        elif rest[0] in "0123456789.":
            number, rest = number + rest[0], rest[1:]
        else:
            raise wrong
    if number or text in {"", "-"}:
        raise wrong
    return sign * seconds
