"""What a refusal means, by the words and statuses that services really send."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.refusals import seconds, status_in, trouble_of, until_of, wait_of
from controller.core.facts import Trouble

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

REFUSALS = [
    (429, "Rate limit reached for requests.", Trouble.RATE),
    (429, "Resource has been exhausted (e.g. check quota).", Trouble.RATE),
    (None, "Rate limit exceeded", Trouble.RATE),
    (429, "The usage limit has been reached", Trouble.LIMIT),
    (None, "You have exhausted your daily quota on this model.", Trouble.LIMIT),
    (None, "You've hit your 5-hour limit · resets 8:05pm (UTC)", Trouble.LIMIT),
    (429, "You have exhausted your capacity on this model.", Trouble.LIMIT),
    (429, "You exceeded your current quota, please check your plan and billing details.",
     Trouble.CREDIT),
    (400, "Your credit balance is too low to access the Anthropic API.", Trouble.CREDIT),
    (402, "", Trouble.CREDIT),
    (403, "This API method requires billing to be enabled.", Trouble.CREDIT),
    (400, "API key not valid. Please pass a valid API key.", Trouble.AUTH),
    (401, "Incorrect API key provided.", Trouble.AUTH),
    (403, "The caller does not have permission", Trouble.AUTH),
    (None, "Invalid API key · Fix external API key", Trouble.AUTH),
    (503, "The model is overloaded. Please try again later.", Trouble.OVERLOADED),
    (529, "", Trouble.OVERLOADED),
    (None, "The server had an error.", Trouble.OVERLOADED),
    (500, "Your usage limit could not be read", Trouble.OVERLOADED),
    (None, "terminated", Trouble.OFFLINE),
    (None, "exception TypeError: fetch failed sending request", Trouble.OFFLINE),
    (None, "Cannot connect to API: The socket connection was closed unexpectedly.",
     Trouble.OFFLINE),
    (None, "connect ECONNREFUSED 127.0.0.1:1", Trouble.OFFLINE),
    (None, "Unterminated string in JSON at position 150", Trouble.OFFLINE),
    (404, "models/x is not found for API version v1beta", Trouble.REQUEST),
    (400, "Invalid request", Trouble.REQUEST),
    (None, "The model `x` does not exist", Trouble.REQUEST),
    (None, "litellm.InternalServerError: OpenAIException - Overheated", Trouble.OVERLOADED),
    (None, "litellm.PermissionDeniedError: OpenAIException", Trouble.AUTH),
    (None, "litellm.ContextWindowExceededError: too long", Trouble.REQUEST),
    (None, "stream disconnected before completion", Trouble.OFFLINE),
    (None, "Your access token could not be refreshed. Please log in again.", Trouble.AUTH),
    (None, "It is raining", Trouble.ERROR),
    (None, "", Trouble.ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("status", "text", "trouble"), REFUSALS)
def test_a_refusal(status: int | None, text: str, trouble: Trouble) -> None:
    """429 alone may mean three things: the words tell which."""
    assert trouble_of(status, text) is trouble


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("unexpected status 401 Unauthorized: Incorrect API key", 401),
        ("exceeded retry limit, last status: 429 Too Many Requests", 429),
        ("Error code: 503 - overloaded", 503),
        ("[API Error: 400 Invalid request]", 400),
        ("line 404 of the file", None),
        ("status 4010", None),
    ],
)
def test_a_status_in_words(text: str, status: int | None) -> None:
    """Agents that hand on no status say it."""
    assert status_in(text) == status


WAITS = {
    "Your quota will reset after 4h28m20s.": timedelta(hours=4, minutes=28, seconds=20),
    "Suggested retry after 2s.": timedelta(seconds=2),
    "Please retry in 34.5s.": timedelta(seconds=34.5),
    "Please retry in 500ms": timedelta(seconds=0.5),
    "It will reset in 2 hours 5 minutes. To continue": timedelta(hours=2, minutes=5),
    "try again in 3 days, 1 hour and 2 minutes": timedelta(days=3, hours=1, minutes=2),
    "Please wait and try again later.": None,
    "reset after 99999999999999999999999h": None,
    "resets 8:05pm (UTC)": None,
    "": None,
}


@pytest.mark.parametrize(("text", "wait"), WAITS.items())
def test_a_wait(text: str, wait: timedelta | None) -> None:
    """How long is read where it is said; a time that cannot be is none."""
    assert wait_of(text) == wait
    assert until_of(text, NOW) == (NOW + wait if wait else None)
    assert until_of(text, None) is None


@given(st.text() | st.from_regex(r"reset after \d+[dhms]\d*\.?\d*(ms|s)?"))
def test_any_text(text: str) -> None:
    """Whatever a service says, it is understood as something."""
    assert isinstance(trouble_of(None, text), Trouble)
    until_of(text, NOW)


@given(st.floats() | st.text() | st.integers() | st.none() | st.lists(st.integers()))
def test_any_number_of_seconds(number: object) -> None:
    """A header may hold anything."""
    wait = seconds(number)
    assert wait is None or timedelta(0) <= wait <= timedelta(days=31)
