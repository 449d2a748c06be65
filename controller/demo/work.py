"""The demo work: steps that can be watched, a question where a person is needed, a file."""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_STEPS = (
    "read the next action",
    "look around in the project's folder",
    "sketch an approach",
    "write it down",
    "check the result",
)
_BOLD, _DIM, _GREEN, _YELLOW, _PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[0m"
RESULT_FILE = "SIDEKICK_DEMO.md"


def asks(prompt: str) -> bool:
    """Whether the demo asks a person: research ends in a choice that is the person's."""
    return "research" in prompt.lower() or prompt.rstrip().endswith("?")


@dataclass(frozen=True)
class Work:
    """One demo run.

    Attributes:
        project: The project's name.
        prompt: What is to be done.
        seconds: How long to work, about.
    """

    project: str
    prompt: str
    seconds: float

    def run(self) -> int:
        """Work through the steps; returns the exit status 0."""
        _say(f"{_BOLD}demo agent{_PLAIN} {_DIM}(no credit is spent){_PLAIN}")
        _say(f"project      {self.project}")
        _say(f"next action  {self.prompt}\n")
        answer = ""
        for number, step in enumerate(_STEPS, start=1):
            if number == len(_STEPS) - 1 and asks(self.prompt):
                answer = self._ask()
            self._step(number, step)
        path = Path(RESULT_FILE)
        path.write_text(self._result(answer), encoding="utf-8")
        _say(f"\n{_GREEN}done{_PLAIN}: wrote {path.resolve()}")
        return 0

    def _step(self, number: int, step: str) -> None:
        _say(f"{_GREEN}●{_PLAIN} {number}/{len(_STEPS)} {step} ", end="")
        for _ in range(4):
            time.sleep(self.seconds / len(_STEPS) / 4)
            _say("·", end="")
        _say(" ok")

    def _ask(self) -> str:
        question = "Which of the options shall I go on with?"
        _report("waiting", question)
        _say(f"\n{_YELLOW}?{_PLAIN} {_BOLD}{question}{_PLAIN} (type an answer, then Enter)")
        _say("> ", end="")
        answer = sys.stdin.readline().strip()
        _report("working", "a person answered")
        return answer

    def _result(self, answer: str) -> str:
        lines = [f"# {self.project}", "", "The demo agent was here and did no real work.", ""]
        lines += ["Next action:", "", *(f"> {line}" for line in self.prompt.splitlines()), ""]
        if answer:
            lines += [f"A person answered: {answer}", ""]
        lines += ["Set `demo: false` in `config.yaml` to run the real agent.", ""]
        return "\n".join(lines)


def _say(text: str, *, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


def _report(state: str, message: str) -> None:
    """Tell the controller, as docs/run-folder.md says; outside a session nobody listens."""
    folder = os.environ.get("SIDEKICK_RUN_DIR")
    if not folder:
        return
    line = {"at": time.time(), "type": "report", "state": state, "message": message}
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(Path(folder) / "events.jsonl", flags, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as events:
        events.write(json.dumps(line) + "\n")
