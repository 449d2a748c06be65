"""What a request says, whichever API it came by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ADDED = re.compile(
    r"\A\s*<(system-reminder|environment_context|session_context|user_instructions|INSTRUCTIONS)\b"
)
"""How texts begin that a program, not a person, put into the user's mouth."""
CHARACTERS_A_TOKEN = 4
"""About what English has in all of these tokenizers; no client holds a mock to more."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the history, as far as the script needs to know it.

    Attributes:
        role: `user` or `assistant`; what systems and developers say is left out.
        text: Its text; empty where a program wrote it for the user.
        calls: How many tools it calls.
        results: How many results of tools it brings.
    """

    role: str
    text: str = ""
    calls: int = 0
    results: int = 0

    @property
    def is_prompt(self) -> bool:
        """Whether a person (or who stands in for one) asks for something here."""
        return self.role == "user" and not self.results and bool(self.text)


@dataclass(frozen=True, slots=True)
class Request:
    """A request for an answer.

    Attributes:
        api: `anthropic`, `responses`, `chat` or `gemini`.
        model: The model's name.
        key: The credential; empty where there is none.
        messages: The history, oldest first.
        tools: Names of the tools that may be called; `text:` stands before the name of one that
            takes a text in place of arguments.
        stream: Whether the answer is wanted bit by bit.
        input_tokens: About how long the request is.
        stream_usage: Whether a stream shall end with the count of tokens (Chat Completions).
        schema: The form of JSON that the answer must have; None where it is free.
    """

    api: str
    model: str
    key: str
    messages: tuple[Message, ...]
    tools: tuple[str, ...] = ()
    stream: bool = False
    input_tokens: int = 0
    stream_usage: bool = True
    schema: Mapping[str, Any] | None = None

    @property
    def aside(self) -> bool:
        """Whether it is no turn of the work: a program wants a judgement, and offers no tool."""
        return self.schema is not None and not self.tools


def spoken(texts: list[str]) -> str:
    """What a person said among the texts of one message."""
    return "\n".join(text for text in texts if text and not _ADDED.match(text))


def tokens_of(text: str) -> int:
    """About how many tokens a text has; at least 1."""
    return max(1, len(text) // CHARACTERS_A_TOKEN)
