"""Claude Code: headless with a stream of events, or its terminal with hooks.

Measured with 2.1.330: without `--permission-mode` a headless run is denied every write and still
ends well; an argument that begins with a dash passes for an option without `--`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from unicodedata import category

from controller.agents.answers import approach
from controller.agents.base import Approach, Event, Launch, Mode, Permission, Stream
from controller.agents.claude_home import seed_home
from controller.agents.claude_hooks import hook_settings, read_hook
from controller.agents.claude_screen import choice, look
from controller.agents.claude_stream import read_claude
from controller.agents.family import Family
from controller.agents.verdict import forgotten, judge_exit
from controller.core.exits import Exit
from controller.core.facts import Facts
from controller.core.observed import Report, Result
from controller.core.workload import Workload

_KEY = "ANTHROPIC_API_KEY"
VARIABLES = (
    *(_KEY, "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
    "ANTHROPIC_BASE_URL",
)
RETRIES = 3
"""Of its own; then the controller holds it, and resumes it later."""
_MODES = {
    Permission.PLAN: "plan",
    Permission.EDITS: "acceptEdits",
    Permission.ALL: "bypassPermissions",
}
_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
    "CLAUDE_CODE_MAX_RETRIES": str(RETRIES),
}
_REPORT = "Bash(sidekick report:*)"
_HOOKS = "hooks.json"
_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}
_LOST = "No conversation found with session ID"


@dataclass(frozen=True, slots=True)
class Claude(Family):
    """Claude Code with its settings."""

    VARIABLES: ClassVar[tuple[str, ...]] = VARIABLES
    LOGINS: ClassVar[tuple[str, ...]] = (".credentials.json",)

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """`claude -p` with its events as JSON, or its terminal; the prompt as its last argument."""
        options = self.options
        headless, prompt = self.headless, self.prompt(workload)
        task = prompt if headless else taken(prompt)
        how: tuple[str, ...] = ("-p", "--output-format", "stream-json", "--verbose")
        if workload.dollars:
            how = (*how, "--max-budget-usd", f"{workload.dollars:g}")
        argv = (
            options.program,
            *(how if headless else ("--settings", f"{run_folder}/{_HOOKS}")),
            *("--permission-mode", _MODES[options.permission]),
            *("--allowedTools", ",".join((_REPORT, *map(_tool, options.allow)))),
            *(("--resume" if workload.begun else "--session-id"), workload.conversation),
            *(("--model", workload.model) if workload.model else ()),
            *(("--append-system-prompt", options.preamble) if options.preamble else ()),
            *(*options.arguments, "--", task),
        )
        return Launch(
            argv,
            options.mode,
            prompt,
            environment={**self._environment(), **options.environment},
            inherit=self.variables,
            secrets=options.secrets,
            stream=Stream.CLAUDE if headless else None,
            files={} if headless else {_HOOKS: hook_settings(self._dialogs())},
            hooks=not headless,
        )

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:
        """Headless, it asks nothing at its first start; its terminal does."""
        if self.options.mode is Mode.INTERACTIVE:
            seed_home(self.options.home, workload.folder, environment.get(_KEY, ""))

    def read(self, facts: Facts, event: Event) -> Facts:
        """Fold an event of its stream, or of a hook."""
        return read_claude(facts, event) if "type" in event else read_hook(facts, event)

    def look(self, facts: Facts, screen: str) -> Facts:
        """What its terminal shows."""
        return look(facts, screen)

    def approach(self, screen: str, text: str) -> Approach:
        """How an answer is given to what its terminal shows."""
        return approach("claude", screen, text, choice)

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By its own record of the turn's end; a lost conversation is told in its last lines."""
        facts = forgotten(end, facts, _LOST)
        return judge_exit(end, report, facts, tells=True)

    def _dialogs(self) -> Mapping[str, object]:
        """Settings without which its terminal asks at its start what the settings say already."""
        skip = self.options.permission is Permission.ALL
        return {"skipDangerousModePermissionPrompt": True} if skip else {}

    def _environment(self) -> dict[str, str]:
        options = self.options
        found = {**_QUIET, "CLAUDE_CONFIG_DIR": str(options.home)}
        if options.base_url:
            found["ANTHROPIC_BASE_URL"] = options.base_url
        if options.permission is Permission.ALL:
            # It refuses to skip its permissions as root, unless told that nothing else is there.
            found["IS_SANDBOX"] = "1"
        return found


def taken(prompt: str) -> str:
    """A prompt that its terminal takes by itself.

    One that begins as a command and holds characters that nobody sees it leaves in its box, for a
    person to look at (measured with 2.1.330: U+0007, U+001B, U+200B, U+2028, U+202E).
    """
    hidden = any(category(char) in _UNSEEN and char not in "\t\n\r" for char in prompt)
    return f"Task: {prompt}" if hidden and prompt.lstrip().startswith("/") else prompt


def _tool(command: str) -> str:
    """The rule that allows command lines which begin so."""
    return f"Bash({command}:*)"
