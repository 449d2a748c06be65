"""Scripts: what the mock does, turn by turn.

    [mock: fail rate_limit times=1 retry-after=2; write hello.txt "Hello"; run "ls"; say "Done."]

Steps are parted by semicolons, words as in a shell. `write`, `run` and `ask` call a tool of the
agent, one a turn, `call` the one that it names; `say` ends the turn with a text. A script goes on
over the later prompts of its conversation, so that the answer to a question leads to the next step,
until it is used up or a prompt brings another.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mock_claude.conversation import Message

FAILURES = {
    "unauthorized": "the key is not valid (401)",
    "forbidden": "the key may not do this (403)",
    "rate_limit": "too many requests (429); `retry-after=S` says when to come again",
    "usage_limit": "the credits of the window are used up (429); `reset=S`: until when",
    "billing": "no money is left",
    "overloaded": "the service has too much to do (529, elsewhere 503)",
    "server_error": "a defect of the service (500)",
    "malformed": "an answer that is cut off in the middle of its JSON",
    "broken": "a connection that is cut in the middle of the stream",
    "hang": "no answer at all; `seconds=S`: for so long",
}
_OPTIONS = {
    "say": {"over"},
    "write": {"over"},
    "run": {"over"},
    "ask": {"over"},
    "call": {"over"},
    "fail": {"times", "retry-after", "reset", "seconds"},
}
_WORDS = {"say": 1, "write": 2, "run": 1, "ask": 1, "call": 2, "fail": 1}
_MARK = re.compile(r"\[mock:", re.IGNORECASE)
_OPTION = re.compile(r"([a-z-]+)=([0-9]+(?:\.[0-9]+)?)")


class ScriptError(ValueError):
    """A script that cannot be understood; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        verb: `say`, `write`, `run`, `ask`, `call` or `fail`.
        words: Its texts: what to say; path and text; the command; the question; a tool and its
            arguments, a JSON object; the failure.
        options: Its numbers, by name.
    """

    verb: str
    words: tuple[str, ...]
    options: Mapping[str, float] = field(default_factory=dict)

    def option(self, name: str, default: float) -> float:
        """A number of it."""
        return self.options.get(name, default)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation stands in its script.

    Attributes:
        source: The script as it was written; equal for the turns of one conversation.
        prompt: The prompt that brought it.
        steps: The steps.
        done: How many turns were answered since.
    """

    source: str
    prompt: str
    steps: tuple[Step, ...]
    done: int


def parse(text: str) -> tuple[Step, ...]:
    """Read the steps of a script.

    Raises:
        ScriptError: It is none.
    """
    steps, words = [], list[str]()
    for word in _words(text):
        if word == ";":
            steps += _step(words)
            words = []
        else:
            words.append(word)
    steps += _step(words)
    if not steps:
        raise ScriptError("the script has no step")
    return tuple(steps)


def find(messages: Sequence[Message]) -> Place | None:
    """The script that a conversation is in, by the newest prompt that brings one.

    Raises:
        ScriptError: What follows `[mock:` there is no script.
    """
    done = 0
    for message in reversed(messages):
        if message.role == "assistant":
            done += message.calls or bool(message.text)
        elif message.is_prompt and (mark := _MARK.search(message.text)):
            source = _inside(message.text[mark.end() :])
            return Place(source, message.text, parse(source), done)
    return None


def turns_since_prompt(messages: Sequence[Message]) -> int:
    """How many turns were answered since the newest prompt."""
    done = 0
    for message in reversed(messages):
        if message.is_prompt:
            break
        if message.role == "assistant":
            done += message.calls or bool(message.text)
    return done


def _inside(text: str) -> str:
    """The text up to the bracket that closes the mark; brackets in quotes do not."""
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "]":
            return text[:index]
    raise ScriptError("`[mock:` is not closed by `]`, or a quote is not closed in it")


def _words(text: str) -> Iterator[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        yield from lexer
    except ValueError as error:
        raise ScriptError(f"a quote is not closed in: {text}") from error


def _step(words: list[str]) -> list[Step]:
    if not words:
        return []
    verb, *rest = words
    if verb not in _WORDS:
        raise ScriptError(f"no step begins with {verb!r}; there are {', '.join(_WORDS)}")
    options: dict[str, float] = {}
    while rest and len(rest) > _WORDS[verb] and (found := _OPTION.fullmatch(rest[-1])):
        options[found[1]] = float(found[2])
        rest.pop()
    if len(rest) != _WORDS[verb]:
        raise ScriptError(
            f"{verb} takes {_WORDS[verb]} word(s), quoted where they hold spaces, not {len(rest)}"
        )
    if unknown := options.keys() - _OPTIONS[verb]:
        raise ScriptError(f"{verb} has no option {', '.join(sorted(unknown))}")
    if verb == "fail" and rest[0] not in FAILURES:
        raise ScriptError(f"no failure is called {rest[0]!r}; there are {', '.join(FAILURES)}")
    if verb == "call" and not _is_object(rest[1]):
        raise ScriptError(f"call takes a tool and its arguments as a JSON object, not {rest[1]}")
    return [Step(verb, tuple(rest), options)]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
