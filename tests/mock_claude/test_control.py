"""What tests and people set and look at."""

import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mock_claude.director import DEFAULT_SCRIPT
from tests.mock_claude.conftest import KEY, Mock


def refusal(mock: Mock, status: int, prompt: str) -> str:
    """The headers and the body of an answer that says no."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        mock.say(prompt)
    with refused.value as answer:
        assert answer.code == status
        return f"{answer.headers}{answer.read().decode()}"


def test_a_scenario_is_for_prompts_that_bring_none(mock: Mock) -> None:
    """It may be for some prompts alone; it can be replaced and taken away."""
    mock.ask("PUT", "/mock/scenarios/one", {"script": "say one", "match": "first"})
    mock.ask("PUT", "/mock/scenarios/all", {"script": "say all", "key": KEY})
    assert mock.say("any") == "all"
    mock.ask("DELETE", "/mock/scenarios/all")
    assert mock.say("the first of all") == "one"
    assert mock.say("[mock: say mine] the first") == "mine"
    assert mock.say("any") in DEFAULT_SCRIPT
    names = [each["name"] for each in mock.ask("GET", "/mock/scenarios")["scenarios"]]
    assert names == ["one"]


def test_a_script_goes_on_over_the_prompts_of_its_conversation(mock: Mock) -> None:
    """The answer to a question leads to the next step; at last it is used up."""
    first = '[mock: ask "Red or blue?"; say thanks]'
    assert mock.say(first) == "Red or blue?"
    assert mock.say(first, "Blue") == "thanks"
    assert "all of the script" in mock.say(first, "Blue", "More")


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("dance", "no step begins with 'dance'"),
        ("write only-one", "write takes 2 word(s)"),
        ("say 'open", "a quote is not closed"),
        ("fail sideways", "no failure is called 'sideways'"),
        ("say x times=3", "say has no option times"),
        ("", "the script has no step"),
    ],
)
def test_a_script_that_is_none_is_refused(mock: Mock, script: str, wrong: str) -> None:
    """Where it is set, and in a prompt, with what is wrong."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        mock.ask("PUT", "/mock/scenarios/x", {"script": script})
    with refused.value as answer:
        assert answer.code == 400
        assert wrong in answer.read().decode()
    assert wrong in refusal(mock, 400, f"[mock: {script}]")


def test_credits_are_spent_and_come_back(mock: Mock) -> None:
    """A key whose window is empty hears when the next one begins; another key goes on."""
    mock.ask("PUT", "/mock/credits", {"key": KEY, "limit": 5, "window": 3600})
    mock.say("hello")
    assert "anthropic-ratelimit-unified-reset" in refusal(mock, 429, "hello")
    mock.say("hello", key="sk-test-another")
    [account] = [a for a in mock.ask("GET", "/mock/credits")["credits"] if a["limit"]]
    assert (account["remaining"], account["key"]) == (0, "…6789")
    mock.ask("PUT", "/mock/credits", {"key": KEY, "used": 0})
    mock.say("hello")


def test_a_revoked_key_is_refused(mock: Mock) -> None:
    """Until it is good again."""
    mock.ask("PUT", "/mock/credits", {"key": KEY, "revoked": True})
    refusal(mock, 401, "hello")
    mock.ask("PUT", "/mock/credits", {"key": KEY, "revoked": False})
    mock.say("hello")


def test_requests_can_be_looked_at(mock: Mock) -> None:
    """What was asked, by whom (never the whole key), and what came of it."""
    mock.say("hello")
    [entry] = mock.requests()
    assert (entry["api"], entry["prompt"], entry["answer"]) == ("anthropic", "hello", "text")
    assert KEY not in str(entry)
    assert '"hello"' in entry["body"]
    assert mock.ask("GET", f"/mock/requests?after={entry['number']}") == {"requests": []}


def test_metrics(mock: Mock) -> None:
    """Requests and tokens are counted; a family is there before its first count."""

    def count(api: str, answer: str) -> float:
        families = text_string_to_metric_families(mock.ask("GET", "/metrics"))
        samples = [sample for family in families for sample in family.samples]
        [value] = [
            sample.value
            for sample in samples
            if sample.name == "mock_llm_requests_total"
            and sample.labels == {"api": api, "answer": answer}
        ]
        return value

    before = count("anthropic", "text")
    mock.say("hello")
    assert count("anthropic", "text") == before + 1
    assert count("gemini", "broken") >= 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model": "m", "messages": 7}', b"\xff" * 9])
@pytest.mark.parametrize(
    "path", ["/v1/messages", "/v1/responses", "/v1beta/models/x:generateContent"]
)
def test_garbage_is_answered_in_the_apis_own_form(mock: Mock, path: str, body: bytes) -> None:
    """400, and it goes on."""
    request = urllib.request.Request(mock.url + path, data=body, headers={"x-api-key": KEY})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    with refused.value as answer:
        assert answer.code == 400
        assert b'"error"' in answer.read()
