"""A mock that really listens, and the official clients pointed at it."""

import importlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-test-0123456789"


class Mock:
    """A running mock.

    Args:
        url: Where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask one of its own endpoints; None where there is no body to the answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] == b"{" else text.decode() or None

    def say(self, *prompts: str, key: str = KEY) -> str:
        """Anthropic's answer to the last of some prompts; all before it were answered.

        Raises:
            urllib.error.HTTPError: The answer says no.
        """
        messages = []
        for prompt in prompts:
            messages += [{"role": "user", "content": prompt}]
            messages += [{"role": "assistant", "content": "so"}]
        body = {"model": "m", "max_tokens": 9, "messages": messages[:-1]}
        request = urllib.request.Request(
            f"{self.url}/v1/messages", data=json.dumps(body).encode(), headers={"x-api-key": key}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(json.load(answer)["content"][0]["text"])

    def requests(self) -> list[dict[str, Any]]:
        """The journal."""
        entries: list[dict[str, Any]] = self.ask("GET", "/mock/requests")["requests"]
        return entries


@pytest.fixture(scope="session")
def server() -> Iterator[Mock]:
    """One process for all tests."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_claude", "--port", "0"], cwd=ROOT,
        env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    url = ""
    deadline = time.monotonic() + 20
    while not url and time.monotonic() < deadline:
        line = process.stdout.readline()
        url = next((word for word in line.split() if word.startswith("http://")), "")
    assert url, "the mock did not listen"
    try:
        yield Mock(url)
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture
def mock(server: Mock) -> Mock:
    """The mock, with nothing remembered."""
    server.ask("POST", "/mock/reset")
    return server


@dataclass(frozen=True, slots=True)
class Sdks:
    """The official clients, each with its module. They are slow to import and to make."""

    anthropic: Any
    openai: Any
    errors: Any
    claude: Any
    gpt: Any
    gemini: Any


@pytest.fixture(scope="session")
def clients(server: Mock) -> Iterator[Sdks]:
    """The clients, pointed at the mock."""
    names = ("anthropic", "openai", "google.genai.errors", "google.genai")
    anthropic, openai, errors, genai = (importlib.import_module(name) for name in names)
    given: dict[str, Any] = {"api_key": KEY, "max_retries": 0, "timeout": 5}
    google: Any = {"base_url": server.url, "timeout": 5000}
    with (
        anthropic.Anthropic(base_url=server.url, **given) as claude,
        openai.OpenAI(base_url=f"{server.url}/v1", **given) as gpt,
        genai.Client(api_key=KEY, http_options=google) as gemini,
    ):
        yield Sdks(anthropic, openai, errors, claude, gpt, gemini)


@pytest.fixture
def sdks(mock: Mock, clients: Sdks) -> Sdks:
    """The clients, pointed at a mock that remembers nothing."""
    return clients
