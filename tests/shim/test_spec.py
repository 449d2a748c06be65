"""`spec.json` and `env`: what is taken, and what is refused with which words."""

import json

import pytest

from controller.shim.faults import RunError
from controller.shim.spec import parse_environment, parse_spec

GOOD = {
    "version": 1,
    "run": "r1",
    "argv": ["claude", "-p", "--", "prompt"],
    "folder": "/work",
    "environment": ["A"],
    "mode": "headless",
    "stdin": "prompt",
    "grace": 3,
    "log_bytes": 1000,
    "log_files": 3,
    "stream": "gemini",
}


def spec_of(**fields: object) -> bytes:
    """Encode a good specification with other fields; None removes one."""
    return json.dumps({k: v for k, v in (GOOD | fields).items() if v is not ...}).encode()


def test_every_field_is_taken() -> None:
    """A whole specification becomes a value, its texts the kernel's bytes."""
    spec = parse_spec(spec_of())
    assert spec.run == b"r1"
    assert spec.argv == [b"claude", b"-p", b"--", b"prompt"]
    assert (spec.folder, spec.headless, spec.stdin) == (b"/work", True, "prompt")
    assert (spec.grace, spec.log_bytes, spec.log_files) == (3.0, 1000, 3)
    assert spec.stream == "gemini"


def test_defaults() -> None:
    """What the contract gives a default may be left out, and unknown fields are no error."""
    fields = ("environment", "stdin", "grace", "log_bytes", "log_files", "stream")
    absent = dict.fromkeys(fields, ...)
    spec = parse_spec(spec_of(**absent, mode="interactive", later="field"))
    assert (spec.headless, spec.stdin, spec.grace) == (False, None, 10.0)
    assert (spec.log_bytes, spec.log_files, spec.stream) == (10_485_760, 2, None)


def test_bytes_that_are_no_text_survive() -> None:
    """A folder's name that is no UTF-8 comes through JSON as the same bytes."""
    name = b"/srv/\xff\xe4".decode("utf-8", "surrogateescape")
    assert parse_spec(spec_of(folder=name)).folder == b"/srv/\xff\xe4"


@pytest.mark.parametrize("version", [2, 0, "1", None, True, ...])
def test_another_version(version: object) -> None:
    """Another version is refused before any field is looked at; the message has both."""
    with pytest.raises(RunError) as caught:
        parse_spec(spec_of(version=version, argv=5))
    assert caught.value.reason == "SpecVersion"
    assert "version 1" in caught.value.message


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"run": ...}, "run"),
        ({"run": ""}, "run"),
        ({"argv": ...}, "argv"),
        ({"argv": []}, "argv"),
        ({"argv": "claude"}, "argv"),
        ({"argv": ["claude", 1]}, "argv"),
        ({"argv": [""]}, "argv"),
        ({"argv": ["a\0b"]}, "argv"),
        ({"argv": ["\ud800"]}, "argv"),
        ({"folder": "relative"}, "folder"),
        ({"folder": 1}, "folder"),
        ({"mode": "other"}, "mode"),
        ({"mode": ["headless"]}, "mode"),
        ({"stdin": "../secret"}, "stdin"),
        ({"mode": "interactive"}, "stdin"),
        ({"grace": -1}, "grace"),
        ({"grace": "1"}, "grace"),
        ({"grace": True}, "grace"),
        ({"grace": 1e999}, "grace"),
        ({"log_bytes": 0}, "log_bytes"),
        ({"log_files": 0.5}, "log_files"),
        ({"stream": "other"}, "stream"),
        ({"stream": ""}, "stream"),
        ({"stream": ["codex"]}, "stream"),
        ({"mode": "interactive", "stdin": None}, "stream"),
    ],
)
def test_wrong_field(fields: dict[str, object], word: str) -> None:
    """A wrong field is named."""
    text = spec_of(**fields).replace(b"Infinity", b"1e999")
    with pytest.raises(RunError) as caught:
        parse_spec(text)
    assert caught.value.reason == "SpecInvalid"
    assert word in caught.value.message


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b'"x"', b"{} {}", b"\xff", b'{"a": NaN}', b'{"a', b"[" * 100_000, b"nul"],
)
def test_no_json_object(text: bytes) -> None:
    """What is no JSON object is refused as such."""
    for parse in (parse_spec, parse_environment):
        with pytest.raises(RunError) as caught:
            parse(text)
        assert caught.value.reason == "SpecInvalid"


def test_environment() -> None:
    """`env` becomes bytes; no file is no variables."""
    assert parse_environment(b' {"A": "\xc3\xa4", "B": ""} \n') == {b"A": b"\xc3\xa4", b"B": b""}
    assert parse_environment(None) == {}


@pytest.mark.parametrize(
    "content", [{"A": 1}, {"": "hush"}, {"A=B": "hush"}, {"A": "hush\0"}, {"A\0": "hush"}]
)
def test_wrong_environment(content: dict[str, object]) -> None:
    """A wrong `env` is refused without a word of its values."""
    with pytest.raises(RunError) as caught:
        parse_environment(json.dumps(content).encode())
    assert caught.value.reason == "SpecInvalid"
    assert "hush" not in caught.value.message
