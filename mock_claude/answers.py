"""What the mock has decided to answer, before an API gives it a form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_claude.conversation import tokens_of


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of one of the agent's tools.

    Attributes:
        name: The tool.
        arguments: As that tool names them.
        text: For a tool that takes a text in place of arguments.
    """

    name: str
    arguments: Mapping[str, Any]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that comes.

    Attributes:
        text: Its text; empty where there is none.
        call: The tool that it calls; None where it ends the turn.
        over: Seconds over which a stream of it is spread.
        cut: A stream of it breaks in the middle, and the connection with it.
        garbled: It ends in the middle of its JSON.
    """

    text: str = ""
    call: ToolCall | None = None
    over: float = 0.0
    cut: bool = False
    garbled: bool = False

    @property
    def tokens(self) -> int:
        """About how many tokens it has."""
        called = self.call.text or json.dumps(self.call.arguments) if self.call else ""
        return tokens_of(self.text + called)


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that says no.

    Attributes:
        kind: A name of `script.FAILURES`.
        message: In words.
        retry_after: Seconds after which to come again; None says nothing.
        reset_at: When the credits come back, seconds since the epoch; None says nothing.
    """

    kind: str
    message: str = ""
    retry_after: float | None = None
    reset_at: float | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer for so many seconds, then the end of the connection."""

    seconds: float
