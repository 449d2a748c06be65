"""The director: which answer a request gets.

First the key, then its credits, then the script of the conversation, then the scripts that were
set through `/mock/scenarios`, then the default one.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from mock_claude.accounts import Accounts
from mock_claude.answers import Answer, Failure, Silence
from mock_claude.conversation import Request
from mock_claude.instances import instance
from mock_claude.script import Place, ScriptError, Step, find, parse, turns_since_prompt
from mock_claude.tools import answer_to

DEFAULT_SCRIPT = 'say "I have looked at it, and there is nothing more to do. (A mock answer.)"'
ENDED = Step("say", ("That was all of the script.",))
PLACES_AT_MOST = 10_000
"""Failing steps that are counted; the oldest goes first."""
SECONDS_OF_SILENCE = 600.0

Decision = Answer | Failure | Silence


@dataclass(frozen=True, slots=True)
class Scenario:
    """A script for conversations that bring none.

    Attributes:
        name: Its name.
        script: The steps as text.
        match: It is for prompts that hold this text; empty: for all.
        key: It is for this key; empty: for all.
        steps: The steps.
    """

    name: str
    script: str
    match: str
    key: str
    steps: tuple[Step, ...]

    def fits(self, request: Request) -> bool:
        """Whether it is for this request."""
        prompts = (message.text for message in request.messages if message.is_prompt)
        return (not self.key or self.key == request.key) and (
            not self.match or any(self.match in prompt for prompt in prompts)
        )


@dataclass(slots=True)
class _Failing:
    count: int = 0
    until: float | None = None


class Director:
    """Decides; safe to use from several threads.

    Args:
        accounts: The keys' accounts.
        default: The script where nothing else is said.
        clock: Seconds since the epoch.

    Raises:
        ScriptError: The default script is none.
    """

    def __init__(
        self,
        accounts: Accounts,
        default: str = DEFAULT_SCRIPT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._default = Scenario("default", default, "", "", parse(default))
        self._clock = clock
        self._scenarios: dict[str, Scenario] = {}
        self._failing: dict[tuple[str, str, int, bool], _Failing] = {}
        self._lock = Lock()

    def decide(self, request: Request) -> Decision:
        """The answer to a request."""
        account = self._accounts.account(request.key)
        if not request.key or account.revoked:
            return Failure(
                "unauthorized", "invalid x-api-key" if request.key else "no key was given"
            )
        if account.remaining == 0:
            return self._used_up(account.reset_at)
        if request.aside:
            return Answer(text=json.dumps(instance(request.schema)))
        try:
            place = find(request.messages) or self._place_of(request)
        except ScriptError as error:
            return Failure("invalid", f"mock script: {error}")
        return self._carry_out(request, place)

    def put(self, scenario: Scenario) -> None:
        """Set a scenario; one of the same name is replaced, and counted anew."""
        with self._lock:
            self._scenarios.pop(scenario.name, None)
            self._scenarios[scenario.name] = scenario
            self._failing.clear()

    def remove(self, name: str) -> bool:
        """Take a scenario away; whether it was there."""
        with self._lock:
            return self._scenarios.pop(name, None) is not None

    def scenarios(self) -> tuple[Scenario, ...]:
        """What was set, newest first: in this order they are tried."""
        with self._lock:
            return tuple(reversed(self._scenarios.values()))

    def clear(self) -> None:
        """Forget scenarios and counts."""
        with self._lock:
            self._scenarios.clear()
            self._failing.clear()

    def _place_of(self, request: Request) -> Place:
        scenario = next((each for each in self.scenarios() if each.fits(request)), self._default)
        prompts = [message.text for message in request.messages if message.is_prompt]
        done = turns_since_prompt(request.messages)
        return Place(scenario.script, prompts[-1] if prompts else "", scenario.steps, done)

    def _carry_out(self, request: Request, place: Place) -> Decision:
        """The step whose turn it is; failing steps that are over are passed by."""
        left = place.done
        for index, step in enumerate(place.steps):
            if step.verb == "fail":
                if left == 0 and (said := self._fail(request, place, index, step)) is not None:
                    return said
            elif left == 0:
                return answer_to(step, request.tools)
            else:
                left -= 1
        return answer_to(ENDED, request.tools)

    def _fail(self, request: Request, place: Place, index: int, step: Step) -> Decision | None:
        now = self._clock()
        with self._lock:
            failing = self._failing.setdefault(_name(request, place, index), _Failing())
            if failing.until is None:
                failing.until = now + step.option("reset", 0.0)
            if "reset" in step.options and now >= failing.until:
                return None
            if "times" in step.options and failing.count >= step.options["times"]:
                return None
            failing.count += 1
            until = failing.until if "reset" in step.options else None
            if len(self._failing) > PLACES_AT_MOST:
                del self._failing[next(iter(self._failing))]
        kind = step.words[0]
        match kind:
            case "malformed":
                return Answer(text="This answer is cut off.", garbled=True)
            case "broken":
                return Answer(text="This answer breaks off in the middle.", cut=True)
            case "hang":
                return Silence(step.option("seconds", SECONDS_OF_SILENCE))
            case "usage_limit":
                return self._used_up(until)
            case _:
                return Failure(kind, retry_after=step.options.get("retry-after"))

    def _used_up(self, reset_at: float | None) -> Failure:
        after = None if reset_at is None else max(1.0, reset_at - self._clock())
        return Failure("usage_limit", retry_after=after, reset_at=reset_at)


def _name(request: Request, place: Place, index: int) -> tuple[str, str, int, bool]:
    """What a failing step is counted by: it belongs to one conversation of one key.

    What an agent asks besides its work, a title for example, offers no tools and is counted apart.
    Of the prompt counts what stands before the script: aider adds to the end of its newest one.
    """
    before = place.prompt.partition(place.source)[0]
    prompt = hashlib.sha256(f"{place.source}\0{before}".encode()).hexdigest()
    return (request.key, prompt, index, bool(request.tools))
