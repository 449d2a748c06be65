"""An agent that `config.yaml` describes: a command line with placeholders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from controller.agents.base import AgentError, Approach, Event, Launch, Mode, no_such_mode
from controller.agents.outcomes import Found, Outcome, Pattern, find, told
from controller.agents.verdict import judge_exit
from controller.core.exits import Cause, Exit
from controller.core.facts import Facts
from controller.core.observed import TROUBLED, Report, ReportState, Result
from controller.core.workload import Workload

PLACEHOLDERS = ("prompt", "prompt_file", "project", "folder", "model", "conversation")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

Argument = str | Sequence[str]
"""One argument, or a group that is left out where one of its placeholders is empty."""


@dataclass(frozen=True, slots=True)
class CommandAgent:
    """An agent made of settings alone.

    Attributes:
        name: Its name in the settings.
        command: The command line of a fresh conversation.
        resume: The command line that goes on with one; empty where it cannot.
        mode: How it is connected to its session.
        slots: Sessions that it may have at once.
        prompt_on_stdin: Whether the prompt is its standard input.
        environment: Variables set for it.
        inherit: Variables handed on from the controller's environment.
        secrets: A file of more variables, which only its session reads; empty for none.
        resume_prompt: What an interrupted conversation is told.
        config: Digest of its settings.
        real: Whether it costs credit.
        exit_codes: Exit status → what it means.
        patterns: What its last lines mean, or those of its terminal; the first that fits counts.
    """

    name: str
    command: Sequence[Argument]
    resume: Sequence[Argument] = ()
    mode: Mode = Mode.HEADLESS
    slots: int = 2
    prompt_on_stdin: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()
    secrets: str = ""
    resume_prompt: str = "continue"
    config: str = ""
    real: bool = True
    logins: tuple[Path, ...] = ()
    takes_ids: bool = True
    exit_codes: Mapping[int, Outcome] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    reticent: ClassVar[bool] = False
    """It tells no events at all: its terminal is read whenever it changes."""

    def __post_init__(self) -> None:
        """Refuse placeholders that no workload has, before the first start needs them."""
        for argument in (*self.command, *self.resume):
            for part in (argument,) if isinstance(argument, str) else argument:
                for name in _PLACEHOLDER.findall(part):
                    if name not in PLACEHOLDERS:
                        raise AgentError(
                            "UnknownPlaceholder",
                            f"agents.{self.name} in config.yaml uses {{{name}}}; "
                            f"there are {', '.join(PLACEHOLDERS)}",
                        )

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of variables that it is handed on."""
        return self.inherit

    @property
    def conversations(self) -> bool:
        """Whether it can go on with an earlier conversation."""
        return bool(self.resume)

    def in_mode(self, mode: Mode) -> Self:
        """The same agent, connected in this way.

        Raises:
            AgentError: `ModeUnavailable`: what it reads its prompt from cannot be a terminal.
        """
        if mode is Mode.INTERACTIVE and self.prompt_on_stdin:
            raise no_such_mode(self.name, mode.value, "its prompt is its standard input")
        return replace(self, mode=mode)

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """The command line with the workload's values in place of the placeholders.

        Raises:
            AgentError: The command line is empty.
        """
        goes_on = workload.begun and self.conversations
        prompt = self.resume_prompt if goes_on and workload.resume else workload.prompt
        values = {
            "prompt": prompt,
            "prompt_file": f"{run_folder}/prompt",
            "project": workload.project,
            "folder": workload.folder,
            "model": workload.model,
            "conversation": workload.conversation,
        }
        argv = tuple(_fill(self.resume if goes_on else self.command, values))
        if not argv:
            raise AgentError("CommandEmpty", f"agents.{self.name}.command in config.yaml is empty")
        return Launch(
            argv, self.mode, prompt, self.prompt_on_stdin, self.environment, self.inherit,
            self.secrets, hooks=self.mode is Mode.INTERACTIVE and bool(self.patterns),
        )  # fmt: skip

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:
        """It has no folder of its own."""

    def read(self, facts: Facts, event: Event) -> Facts:  # noqa: ARG002 - the protocol's
        """It prints no events."""
        return facts

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By cause, by its own report, by its last lines, by exit status.

        A status that means `completed` counts whatever was printed before.
        """
        if end.cause is not Cause.EXIT and not (end.stop and end.stop.reason == TROUBLED):
            return judge_exit(end, report, facts)
        meaning = self.exit_codes.get(end.status) if end.status is not None else None
        found = None
        if meaning is not Outcome.COMPLETED:
            found = find(self.patterns, end.tail)
        if found is None and meaning is not None and end.cause is Cause.EXIT:
            found = Found(meaning, next(reversed(end.tail), ""))
        if found is None:
            return judge_exit(end, report, facts)
        known = told(facts, found, end.ended_at)
        if found.outcome is Outcome.COMPLETED and end.cause is Cause.EXIT:
            result = judge_exit(replace(end, status=0), report, replace(known, trouble=None))
            return replace(result, status=end.status)
        if found.outcome is Outcome.BLOCKED:
            blocked = Report(ReportState.BLOCKED, found.text, end.ended_at)
            return judge_exit(end, blocked, facts)
        return judge_exit(end, report, known)

    def look(self, facts: Facts, screen: str) -> Facts:
        """What its patterns tell of its terminal."""
        lines = [line for line in screen.splitlines() if line.strip()]
        found = find(self.patterns, lines)
        return told(facts, found, facts.at) if found else facts

    def approach(self, screen: str, text: str) -> Approach:  # noqa: ARG002 - the protocol's
        """An answer is typed as it is."""
        return Approach(text=text)


def _fill(arguments: Sequence[Argument], values: Mapping[str, str]) -> list[str]:
    argv: list[str] = []
    for argument in arguments:
        group = [argument] if isinstance(argument, str) else list(argument)
        names = {name for part in group for name in _PLACEHOLDER.findall(part)}
        if not isinstance(argument, str) and not all(values[name] for name in names):
            continue
        argv += [_PLACEHOLDER.sub(lambda match: values[match[1]], part) for part in group]
    return argv
