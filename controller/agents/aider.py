"""Aider; the facts are those of aider 0.86.2."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from controller.agents.base import Event, Launch, Mode, Permission
from controller.agents.config_files import seed_file, seed_folder, unseed_file
from controller.agents.events import line
from controller.agents.family import Family
from controller.agents.refusals import status_in, trouble_of
from controller.agents.verdict import judge_exit
from controller.core.exits import Exit
from controller.core.facts import NO_FACTS, Facts
from controller.core.observed import Report, Result
from controller.core.workload import Workload

VARIABLES = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "DEEPSEEK_API_KEY"),
    *("OPENROUTER_API_KEY", "OPENAI_API_BASE"),
)
_ANSWERED = re.compile(r"Tokens: .* (?:sent|received)|Applied edit to ")
_ERROR = re.compile(r"litellm\.\w+: |Empty response received from LLM|Only \d+ reflections allowed")
_ENDS = re.compile(r"Retrying in |The API provider |https?://|$")
"""How the line behind an error's words begins: these are broken at 80 columns."""


@dataclass(frozen=True, slots=True)
class Aider(Family):
    """Aider, with the options' home for its `HOME`, for it keeps and reads files there.

    `base_url` ends with `/v1`. It prints no events. It runs no commands where nobody can be asked,
    so that `allow` and `Permission.ALL` change nothing. It has no bound on costs. Its own retries
    cannot be switched off: they last about a minute.
    """

    VARIABLES: ClassVar[tuple[str, ...]] = VARIABLES
    LOGINS: ClassVar[tuple[str, ...]] = (".env", ".aider/oauth-keys.env")

    @property
    def vendors(self) -> tuple[str, ...]:
        """All; of an API at an address of one's own only what is meant for it.

        Without a model it chooses one by the keys that it finds, and would go elsewhere.
        """
        return ("OPENAI_API_KEY",) if self.options.base_url else self.VARIABLES

    def launch(self, workload: Workload, run_folder: str) -> Launch:  # noqa: ARG002 - the protocol's
        """`aider … --message=PROMPT`; it ends with its answer, on a terminal too, where it may ask.

        The conversation is the file that it keeps its history in.
        """
        options = self.options
        goes_on, prompt = self.goes_on(workload), self.prompt(workload)
        history = self._history(workload.conversation)
        headless = options.mode is Mode.HEADLESS
        argv = (
            options.program,
            *(("--model", self._model(workload.model)) if workload.model else ()),
            *(("--chat-mode", "ask") if options.permission is Permission.PLAN else ()),
            *(("--read", str(self._preamble)) if options.preamble else ()),
            *("--chat-history-file", f"{history}.md"),
            *("--input-history-file", f"{history}.input"),
            *(("--restore-chat-history",) if goes_on else ()),
            *("--model-settings-file", str(self._model_settings)),
            # What it finds changed is not its to commit; at what it changes a person looks first.
            *("--no-auto-commits", "--no-dirty-commits"),
            # Otherwise it asks about these on the terminal, or asks their makers.
            *("--analytics-disable", "--no-check-update", "--no-show-release-notes"),
            *("--no-show-model-warnings", "--no-gitignore", "--no-detect-urls"),
            *(("--yes-always", "--no-pretty", "--no-suggest-shell-commands") if headless else ()),
            *options.arguments,
            f"--message={_plain(prompt)}",
        )
        environment = {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # the list in its package, not one of the net
            **({"OPENAI_API_BASE": options.base_url} if options.base_url else {}),
            **options.environment,
            "HOME": str(options.home),
        }
        return Launch(
            argv, options.mode, prompt, environment=environment, inherit=self.variables,
            secrets=options.secrets,
        )  # fmt: skip

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:  # noqa: ARG002
        """Its home: a folder for histories, what it is taught, and no retries within its client.

        Raises:
            AgentError: It cannot be written.
        """
        seed_folder(self._history(workload.conversation).parent)
        extra = {"name": "aider/extra_params", "extra_params": {"max_retries": 0}}
        seed_file(self._model_settings, f"{json.dumps([extra])}\n")
        if self.options.preamble:
            seed_file(self._preamble, self.options.preamble)
        else:
            unseed_file(self._preamble)
        # Who commits is the person, though HOME is another: else it would write a made-up name
        # into the repository.
        git = self.options.home / ".gitconfig"
        if not os.path.lexists(git):
            own = [Path.home() / ".config" / "git" / "config", Path.home() / ".gitconfig"]
            seed_file(
                git, "".join(f"[include]\n\tpath = {json.dumps(str(path))}\n" for path in own)
            )

    def read(self, facts: Facts, event: Event) -> Facts:  # noqa: ARG002 - the protocol's
        """It prints no events."""
        return facts

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:  # noqa: ARG002
        """By its last lines: its exit status is 0 after a refused key, too."""
        return judge_exit(end, report, facts_of(end.tail))

    @property
    def _preamble(self) -> Path:
        return self.options.home / "sidekick-preamble.md"

    @property
    def _model_settings(self) -> Path:
        return self.options.home / "sidekick-model-settings.yml"

    def _history(self, conversation: str) -> Path:
        return self.options.home / "history" / (conversation or "none")

    def _model(self, model: str) -> str:
        """Behind an address of one's own every model is spoken to as OpenAI's are."""
        return f"openai/{model}" if self.options.base_url and "/" not in model else model


def facts_of(tail: tuple[str, ...]) -> Facts:
    """What the last lines tell: the newest error, unless an answer came after it."""
    for index in range(len(tail) - 1, -1, -1):
        if _ANSWERED.search(tail[index]):
            return replace(NO_FACTS, ended=True, ok=True)
        if _ERROR.search(tail[index]):
            words = _words(tail, index)
            return replace(NO_FACTS, trouble=trouble_of(status_in(words), words), message=words)
    return NO_FACTS


def _words(tail: tuple[str, ...], index: int) -> str:
    start = _ERROR.search(tail[index])
    words = [tail[index][start.start() if start else 0 :]]
    for following in tail[index + 1 :]:
        if _ENDS.match(following.strip()):
            break
        words.append(following)
    return line(" ".join(word.strip() for word in words), 400)


def _plain(prompt: str) -> str:
    """A prompt that is none of its commands: `!` runs a shell, `/run` too."""
    return f" {prompt}" if prompt[:1] in {"/", "!"} else prompt
