"""An agent that `config.yaml` describes: a command line with placeholders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from controller.agents.base import AgentError, Launch, Mode, judge_exit
from controller.core.exits import Exit
from controller.core.observed import Report, Result
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
        resume_prompt: What an interrupted conversation is told.
        config: Digest of its settings.
        real: Whether it costs credit.
    """

    name: str
    command: Sequence[Argument]
    resume: Sequence[Argument] = ()
    mode: Mode = Mode.HEADLESS
    slots: int = 2
    prompt_on_stdin: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[str, ...] = ()
    resume_prompt: str = "continue"
    config: str = ""
    real: bool = True

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
    def conversations(self) -> bool:
        """Whether it can go on with an earlier conversation."""
        return bool(self.resume)

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
        return Launch(argv, self.mode, prompt, self.prompt_on_stdin, self.environment, self.inherit)

    def judge(self, end: Exit, report: Report | None) -> Result:
        """By cause, then by its own report, then by exit status."""
        return judge_exit(end, report)


def _fill(arguments: Sequence[Argument], values: Mapping[str, str]) -> list[str]:
    argv: list[str] = []
    for argument in arguments:
        group = [argument] if isinstance(argument, str) else list(argument)
        names = {name for part in group for name in _PLACEHOLDER.findall(part)}
        if not isinstance(argument, str) and not all(values[name] for name in names):
            continue
        argv += [_PLACEHOLDER.sub(lambda match: values[match[1]], part) for part in group]
    return argv
