"""How each API says no, as its own client understands it."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.mock_claude.conftest import Sdks

pytestmark = pytest.mark.slow

Ask = Callable[[str], str]


@pytest.fixture
def asks(sdks: Sdks) -> Mapping[str, Ask]:
    """API → a function that asks it, streaming, and returns the text."""

    def messages(prompt: str) -> str:
        history = [{"role": "user", "content": prompt}]
        with sdks.claude.messages.stream(model="m", max_tokens=9, messages=history) as stream:
            return str(stream.get_final_text())

    def chat(prompt: str) -> str:
        history = [{"role": "user", "content": prompt}]
        stream = sdks.gpt.chat.completions.create(model="m", messages=history, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    def responses(prompt: str) -> str:
        with sdks.gpt.responses.stream(model="m", input=prompt) as stream:
            stream.until_done()
            return str(stream.get_final_response().output_text)

    def generate(prompt: str) -> str:
        stream = sdks.gemini.models.generate_content_stream(model="g", contents=prompt)
        return "".join(part.text or "" for part in stream)

    return {"anthropic": messages, "chat": chat, "responses": responses, "gemini": generate}


APIS = ("anthropic", "chat", "responses", "gemini")
STATUS = {
    "unauthorized": (401, 401, 401, 400),
    "forbidden": (403, 403, 403, 403),
    "rate_limit": (429, 429, 429, 429),
    "usage_limit": (429, 429, 429, 429),
    "billing": (400, 429, 429, 403),
    "overloaded": (529, 503, 503, 503),
    "server_error": (500, 500, 500, 500),
}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("failure", STATUS)
def test_a_refusal(sdks: Sdks, asks: Mapping[str, Ask], api: str, failure: str) -> None:
    """Its status is that API's own, once; then the script goes on."""
    with pytest.raises(
        (sdks.anthropic.APIStatusError, sdks.openai.APIStatusError, sdks.errors.APIError)
    ) as no:
        asks[api](f"[mock: fail {failure} times=1; say better]")
    status = getattr(no.value, "status_code", None) or getattr(no.value, "code", None)
    assert status == STATUS[failure][APIS.index(api)]
    assert asks[api](f"[mock: fail {failure} times=1; say better]") == "better"


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("failure", ["malformed", "broken"])
def test_a_stream_that_goes_wrong(
    sdks: Sdks, asks: Mapping[str, Ask], api: str, failure: str
) -> None:
    """The client sees a fault, not a shorter answer."""
    with pytest.raises(Exception) as fault:  # noqa: PT011 - each client has its own
        asks[api](f"[mock: fail {failure}]")
    kind = type(fault.value)
    assert isinstance(fault.value, json.JSONDecodeError | sdks.errors.UnknownApiResponseError) or (
        kind.__name__ in {"RemoteProtocolError", "APIConnectionError"}
    )


def test_a_wait_is_said(sdks: Sdks, asks: Mapping[str, Ask]) -> None:
    """With retry-after, and without where none was asked for."""
    with pytest.raises(sdks.anthropic.RateLimitError) as with_it:
        asks["anthropic"]("[mock: fail rate_limit retry-after=7]")
    with pytest.raises(sdks.anthropic.RateLimitError) as without:
        asks["anthropic"]("[mock: fail rate_limit]")
    assert with_it.value.response.headers["retry-after"] == "7"
    assert "retry-after" not in without.value.response.headers
    with pytest.raises(sdks.errors.ClientError) as google:
        asks["gemini"]("[mock: fail rate_limit retry-after=7]")
    assert "'retryDelay': '7s'" in str(google.value)


def test_a_usage_limit_says_when_it_ends_and_ends_then(sdks: Sdks, asks: Mapping[str, Ask]) -> None:
    """The reset is in the headers and bodies that the programs read, and is kept."""
    prompt = "[mock: fail usage_limit reset=1; say again]"
    began = time.time()
    with pytest.raises(sdks.anthropic.RateLimitError) as claude:
        asks["anthropic"](prompt)
    reset = float(claude.value.response.headers["anthropic-ratelimit-unified-reset"])
    assert began <= reset <= began + 3
    with pytest.raises(sdks.openai.RateLimitError) as codex:
        asks["responses"]("[mock: fail usage_limit reset=60]")
    error = codex.value.response.json()["error"]
    assert error["type"] == "usage_limit_reached"
    assert 55 <= error["resets_in_seconds"] <= 60
    deadline = time.monotonic() + 10
    while True:
        try:
            assert asks["anthropic"](prompt) == "again"
            break
        except sdks.anthropic.RateLimitError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_slow_stream_comes_bit_by_bit(sdks: Sdks) -> None:
    """The first words are there long before the last."""
    history = [{"role": "user", "content": '[mock: say "one two three four five six" over=1]'}]
    times = []
    with sdks.claude.messages.stream(model="m", max_tokens=9, messages=history) as stream:
        times += [time.monotonic() for _ in stream.text_stream]
    assert len(times) >= 2
    assert times[-1] - times[0] > 0.05


def test_silence_ends(sdks: Sdks) -> None:
    """A client without patience gives up; the connection ends by itself after the time."""
    client = sdks.claude.with_options(timeout=0.2)
    history: Any = [{"role": "user", "content": "[mock: fail hang seconds=0.5]"}]
    with pytest.raises(sdks.anthropic.APITimeoutError):
        client.messages.create(model="m", max_tokens=9, messages=history)
    with pytest.raises(sdks.anthropic.APIConnectionError):
        sdks.claude.messages.create(model="m", max_tokens=9, messages=history)
