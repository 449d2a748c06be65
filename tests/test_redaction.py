"""What is a secret, and what of a text is left where one stands."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.redaction import MASK, Redactor, is_secret, secret_values

KEYS = (
    "sk-ant-api03-AbCd_efGh-1234567890xyz",
    "sk-proj-0123456789abcdefghij",
    "AIzaSyA0123456789abcdefghijklmnopqrstu",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "github_pat_0123456789abcdefghijABCDEFGHIJ012345",
    "AKIAIOSFODNN7EXAMPLE",
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "around", ["{}", 'key="{}", more', "a\n{}\n", "=\\n{}\\n", "(\x1b[31m{}\x1b[m)"]
)
def test_keys_known_by_their_shape(key: str, around: str) -> None:
    """They are taken out, with nothing of what stands around them."""
    assert Redactor().text(around.format(key)) == around.format("[redacted]")


def test_a_bearer() -> None:
    """The word stays, so that the line can be understood."""
    text = "authorization: Bearer abc.def-ghi/0123456789==\n"
    assert Redactor().text(text) == "authorization: Bearer [redacted]\n"


@pytest.mark.parametrize(
    "text",
    ["task-force-of-2026-is-ready-now", "sk-a-long-name-of-a-branch-here",
     "a risk-1234567890123456789", "Bearer tokens are used", "AKIAIOSF",
     "disk-0123456789abcdefghijkl", "AIza", "sk-", ""],
)  # fmt: skip
def test_words_that_are_no_keys(text: str) -> None:
    """They stay, whole or cut anywhere."""
    assert Redactor([b"short"]).text(text) == text
    assert fed(Redactor(), [text.encode()]) == text.encode()


@pytest.mark.parametrize(
    ("name", "secret"),
    [("ANTHROPIC_API_KEY", True), ("GH_TOKEN", True), ("my_password", True), ("OPENAI_KEY_2", True),
     ("SSH_KEY_PATH", False), ("MAX_OUTPUT_TOKENS", False), ("KEYBOARD", False), ("PATH", False),
     ("TOKEN_URL", False), ("PWD", False)],
)  # fmt: skip
def test_which_variables_are_secret(name: str, secret: bool) -> None:
    """By whole words of their names; not those that only say where one is."""
    assert is_secret(name) is secret


def test_an_environment() -> None:
    """Secrets by name, passwords of addresses, and those that the session's own file gave."""
    environment = {
        b"API_KEY": b"by-its-name", b"HTTPS_PROXY": b"http://me:pass@word1@host:8080/x",
        b"HOME": b"/home/somebody", b"OTHER": b"listed-by-name", b"SIDEKICK_HIDDEN": b"OTHER",
    }  # fmt: skip
    assert secret_values(environment) == [b"by-its-name", b"pass@word1", b"listed-by-name"]


def test_within_json() -> None:
    """A value is found as JSON writes it too, and the text stays JSON."""
    value = 'quo"ted\\and/ümläut\U0001f600'
    redactor = Redactor([value.encode()])
    for plain in (True, False):
        text = json.dumps({"text": f"<{value}>"}, ensure_ascii=plain)
        assert json.loads(redactor.text(text)) == {"text": "<[redacted]>"}
    assert redactor.text(json.dumps(value).replace("/", "\\/")) == '"[redacted]"'


def test_a_secret_of_several_lines() -> None:
    """Each line is one, however the lines end where they are printed."""
    redactor = Redactor([b"-----BEGIN KEY-----\nabcdefgh1\nab\n"])
    assert redactor.whole(b"x\r\nabcdefgh1\r\nab\r\n") == b"x\r\n[redacted]\r\nab\r\n"


def fed(redactor: Redactor, parts: list[bytes]) -> bytes:
    """What a stream becomes."""
    return b"".join([*map(redactor.feed, parts), redactor.end()])


@given(
    st.lists(
        st.sampled_from([b"secret-one", b"secret-o", b"one-two-three", b"aaaaaaaa"]), max_size=3
    ),
    st.lists(
        st.sampled_from(
            [b"secret-one", b"secret-", b"o", b"ne-two-three", b"a", b"aaaaaaaaa", b"\n", b" ",
             b"task-", b"sk-", b"0123456789abcdefghij", b"Bearer ", b"\x1b[1m", b"\xc3\xa4",
             KEYS[0].encode()]
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 200), max_size=8),
)  # fmt: skip
def test_wherever_it_is_cut(values: list[bytes], words: list[bytes], cuts: list[int]) -> None:
    """A stream in parts becomes what it becomes in one piece."""
    text = b"".join(words)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    parts = [text[start:end] for start, end in pairwise(places)]
    shown = fed(Redactor(values), parts)
    assert shown == Redactor(values).whole(text)
    assert not any(value in shown for value in values)


def test_only_a_beginning_is_held_back() -> None:
    """What cannot become a secret is passed on at once; what can, as soon as that is told."""
    redactor = Redactor([b"my-secret-value"])
    assert redactor.feed(b"Go on? [y/n] ") == b"Go on? [y/n] "
    assert redactor.feed(b"tasks") == b"tasks"
    assert redactor.feed(b" my-sec") == b" "
    assert redactor.feed(b"ond try\n") == b"my-second try\n"
    assert redactor.feed(b"my-secret-val") == b""
    assert redactor.feed(b"ue.") == MASK + b"."
