"""When a limit is over, in the words that a person reads."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.resets import reset_of

NOW = datetime(2026, 11, 23, 20, 8, 35, tzinfo=UTC)
TOLD = {
    "You've hit your 5-hour limit · resets 10:08pm (UTC)": "2026-11-23T22:09",
    "You've hit your weekly limit · resets Nov 25, 10:08pm (UTC)": "2026-11-25T22:09",
    "resets 10pm": "2026-11-23T22:01",
    "resets 12:30am (UTC)": "2026-11-24T00:31",
    "resets 12pm (UTC)": "2026-11-24T12:01",
    "resets 8:08pm (UTC)": "2026-11-23T20:09",
    "resets 8:07pm (UTC)": "2026-11-24T20:08",
    "resets Jan 2, 3pm (UTC)": "2027-01-02T15:01",
    "resets Jan 2, 2028, 3pm (UTC)": "2028-01-02T15:01",
    "resets 3am (Europe/Berlin)": "2026-11-24T02:01",
    "resets Nov 24 at 9am (America/New_York)": "2026-11-24T14:01",
    "resets 10pm (Nowhere/Land)": "2026-11-23T22:01",
    "You will regain access on 2026-12-01 at 00:00 UTC.": "2026-12-01T00:00",
}


@pytest.mark.parametrize(("text", "expected"), TOLD.items(), ids=TOLD)
def test_told(text: str, expected: str) -> None:
    """The time is cut to the minute, so that it is over a minute later at the latest."""
    assert reset_of(text, NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_zone_of_the_machine() -> None:
    """Where the text names none, it is the one that the event's time is in."""
    here = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert reset_of("resets 5pm", here) == datetime(2026, 11, 23, 22, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "resets soon", "resets 25:00pm", "resets Feb 30, 3pm (UTC)", "resets Xyz 3, 3pm"]
)
def test_not_told(text: str) -> None:
    """What is no time is none."""
    assert reset_of(text, NOW) is None
    assert reset_of("resets 10pm (UTC)", None) is None


TIMES = r"resets ([A-Z][a-z]{2} \d{1,2}, )?\d{1,2}(:\d\d)?[ap]m \(.{1,9}\)"


@given(st.text() | st.from_regex(TIMES))
def test_nothing_is_raised(text: str) -> None:
    """Whatever is said."""
    found = reset_of(text, NOW)
    assert found is None or found.tzinfo is not None
