"""When a limit is over, as agents tell it to a person.

Claude Code says `resets Nov 25, 10:08pm (UTC)`, with a date only where it is not today's (2.1.330);
Codex `try again at 7:40 PM`, `at Feb 2nd, 2026 7:40 PM`, `in 3 days 5 minutes` (0.169.0). All are
cut to the minute.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_RESETS = re.compile(
    r"resets\s+(?:(?P<month>[A-Z][a-z]{2})[a-z]*\s+(?P<day>\d{1,2}),?\s+(?:(?P<year>\d{4}),?\s+)?)?"
    r"(?:at\s+)?(?P<hour>0?[1-9]|1[0-2])(?::(?P<minute>\d\d))?\s*(?P<half>[ap]m)"
    r"(?:\s*\((?P<zone>[A-Za-z0-9_+/-]{1,64})\))?",
    re.ASCII,
)
_REGAIN = re.compile(
    r"regain access on (\d{4}-\d\d-\d\d) at (\d\d:\d\d) UTC", re.ASCII | re.IGNORECASE
)
_CLOCK = re.compile(
    r"try again at (?:(?P<day>\w{3} \d{1,2})\w\w, (?P<year>\d{4}) )?(?P<time>\d{1,2}:\d\d [AP]M)"
)
_SPAN = re.compile(r"try again in ((?:\d+ (?:day|hour|minute|second)s?,? ?)+)")
_UNITS = re.compile(r"(\d+) (day|hour|minute|second)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CUT = timedelta(minutes=1)
_DAY = timedelta(days=1)


def reset_of(text: str, now: datetime | None) -> datetime | None:
    """When a limit is over, by what a text says; None where it does not say, or now is not known.

    Args:
        text: The agent's words.
        now: When it said so; where the text names no zone, this one's counts.
    """
    if now is None:
        return None
    try:
        if regain := _REGAIN.search(text):
            return datetime.fromisoformat(f"{regain[1]}T{regain[2]}").replace(tzinfo=UTC)
        if span := _SPAN.search(text):
            parts = {f"{unit}s": int(number) for number, unit in _UNITS.findall(span[1])}
            return now + timedelta(**parts) + _CUT
        if clock := _CLOCK.search(text):
            return _at(clock, now) + _CUT
        told = _RESETS.search(text)
        return _time(told, now) + _CUT if told else None
    except (ValueError, OverflowError):
        return None


def _time(told: re.Match[str], now: datetime) -> datetime:
    here = now.astimezone(_zone(told["zone"], now.tzinfo))
    hour = int(told["hour"]) % 12 + (12 if told["half"] == "pm" else 0)
    at = here.replace(hour=hour, minute=int(told["minute"] or 0), second=0, microsecond=0)
    if not told["month"]:
        return at if at + _CUT > here else at + _DAY
    year = int(told["year"] or here.year)
    at = at.replace(year=year, month=_MONTHS.index(told["month"]) + 1, day=int(told["day"]))
    passed = at + _DAY < here and not told["year"]
    return at.replace(year=year + 1) if passed else at


def _at(clock: re.Match[str], now: datetime) -> datetime:
    if clock["day"]:
        told = f"{clock['day']} {clock['year']} {clock['time']}"
        return datetime.strptime(told, "%b %d %Y %I:%M %p").replace(tzinfo=now.tzinfo)
    time = datetime.strptime(clock["time"], "%I:%M %p")
    at = now.replace(hour=time.hour, minute=time.minute, second=0, microsecond=0)
    # A time of the day that is over is tomorrow's, but for the minute in which it was told.
    return at if at > now - 2 * _CUT else at + _DAY


def _zone(name: str | None, known: tzinfo | None) -> tzinfo | None:
    """A zone by its name; where the machine does not know it, the one that is known."""
    try:
        return ZoneInfo(name) if name else known
    except (OSError, ValueError, KeyError):
        return known
