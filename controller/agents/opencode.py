"""opencode: headless with a stream of events, or its terminal (measured with 1.18.33)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from controller.agents import answers
from controller.agents.base import (
    AgentError,
    Approach,
    Event,
    Launch,
    Mode,
    Permission,
    Stream,
)
from controller.agents.config_files import fill_in, seed_folder
from controller.agents.family import Family
from controller.agents.hooks import hook_command
from controller.agents.opencode_plugin import plugin
from controller.agents.opencode_stream import read_opencode
from controller.agents.screens import Shows, classify
from controller.agents.verdict import forgotten, judge_exit
from controller.core.exits import Exit
from controller.core.facts import Facts
from controller.core.observed import Report, Result
from controller.core.workload import Workload

VARIABLES = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
    "OPENCODE_API_KEY",
)
PLUGIN_FILE = "opencode-plugin.js"
PREAMBLE_FILE = "preamble.md"
PROVIDER = "api"
"""What the provider at `base_url` is called in the model's name."""
_FOLDERS = {"CONFIG": "config", "DATA": "data", "STATE": "state", "CACHE": "cache"}
_QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    # It would read the user's own instructions for Claude Code.
    "OPENCODE_DISABLE_CLAUDE_CODE_PROMPT": "1",
}
_SETTINGS = {"$schema": "https://opencode.ai/config.json", "autoupdate": False, "share": "disabled"}
_LOCK = {"packages": {"": {"dependencies": {"@opencode-ai/plugin": "*"}}}}
"""Where this stands beside `node_modules`, it does not install that package, which has only types
that our plugin does not need, from the network before each first turn in a new home."""
_REPORT = "sidekick report"
_HARMLESS = "pwd"
"""A tool is hidden from the model where nothing of it is allowed, so that no refusal is seen."""
_LOST = "Session not found"


@dataclass(frozen=True, slots=True)
class Opencode(Family):
    """opencode with its settings."""

    VARIABLES: ClassVar[tuple[str, ...]] = VARIABLES
    LOGINS: ClassVar[tuple[str, ...]] = ("data/opencode/auth.json",)
    takes_ids: ClassVar[bool] = False

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """`opencode run` with its events as JSON, the prompt on standard input; or its terminal.

        Raises:
            AgentError: It has an API of its own, and no model is named.
        """
        options = self.options
        headless, prompt = self.headless, self.prompt(workload)
        goes_on = self.goes_on(workload)
        model = self._model(workload)
        title = () if goes_on or not headless else (f"--title={workload.project}",)
        argv = (
            options.program,
            *(("run", "--format", "json") if headless else ()),
            *(("--session", workload.conversation) if goes_on else title),
            *(("--model", model) if model else ()),
            *options.arguments,
            *(() if headless or goes_on else (f"--prompt={prompt}",)),
        )
        told = (workload.conversation, prompt) if goes_on else ("", "")
        files = {PLUGIN_FILE: plugin() if headless else plugin(hook_command(), *told)}
        files |= {PREAMBLE_FILE: options.preamble} if options.preamble else {}
        settings = self._settings(model, run_folder)
        environment = {
            **_QUIET,
            **{f"XDG_{x}_HOME": str(options.home / name) for x, name in _FOLDERS.items()},
            "OPENCODE_CONFIG_CONTENT": json.dumps(settings),
        }
        return self.by_stdin(workload, argv, environment, Stream.OPENCODE, files, hooks=True)

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:  # noqa: ARG002
        """Its settings; what must hold is told it at each start."""
        folder = self.options.home / "config" / "opencode"
        fill_in(folder / "opencode.json", _SETTINGS)
        fill_in(folder / "package-lock.json", _LOCK)
        seed_folder(folder / "node_modules")

    def read(self, facts: Facts, event: Event) -> Facts:
        """Fold an event of its stream, or of our plugin."""
        return read_opencode(facts, event)

    def look(self, facts: Facts, screen: str) -> Facts:
        """Whether its terminal shows that it works; all else our plugin tells."""
        seen = classify("opencode", screen)
        working = seen is not None and seen.shows is Shows.WORKING
        return replace(facts, working=True, ask=None) if working else facts

    def approach(self, screen: str, text: str) -> Approach:
        """How an answer is given to what its terminal shows."""
        return answers.approach("opencode", screen, text, answers.allowing("Enter"))

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By the end of its last step."""
        facts = forgotten(end, facts, _LOST)
        return judge_exit(end, report, facts, tells=self.headless)

    def _model(self, workload: Workload) -> str:
        if not self.options.base_url:
            return workload.model
        if not workload.model:
            raise AgentError(
                "ModelMissing",
                f"agents.{self.name} in config.yaml has a base_url, so its rows need a model: "
                "name it in the Model column, or in models in config.yaml",
            )
        return f"{PROVIDER}/{workload.model.removeprefix(f'{PROVIDER}/')}"

    def _settings(self, model: str, run_folder: str) -> Mapping[str, object]:
        """What must hold, above all that its files say."""
        settings: dict[str, object] = {
            "autoupdate": False,
            "share": "disabled",
            "permission": self._permission(),
            "plugin": [f"file://{run_folder}/{PLUGIN_FILE}"],
        }
        if self.options.preamble:
            settings["instructions"] = [f"{run_folder}/{PREAMBLE_FILE}"]
        if self.options.base_url:
            key = {"baseURL": self.options.base_url, "apiKey": "{env:OPENAI_API_KEY}"}
            name = model.removeprefix(f"{PROVIDER}/")
            provider = {"npm": "@ai-sdk/openai-compatible", "options": key, "models": {name: {}}}
            settings |= {"provider": {PROVIDER: provider}, "enabled_providers": [PROVIDER]}
            settings |= {"model": model, "small_model": model}
        return settings

    def _permission(self) -> Mapping[str, object]:
        """Its table; the last rule that fits counts."""
        options = self.options
        if options.permission is Permission.ALL:
            return {"*": "allow"}
        otherwise = "deny" if options.mode is Mode.HEADLESS else "ask"
        allowed = (_REPORT, *(options.allow if options.permission is Permission.EDITS else ()))
        patterns = (pattern for command in allowed for pattern in (command, f"{command} *"))
        return {
            "edit": "allow" if options.permission is Permission.EDITS else "deny",
            "bash": {"*": otherwise, _HARMLESS: "allow", **dict.fromkeys(patterns, "allow")},
            "external_directory": otherwise,
            "webfetch": "allow",
            "doom_loop": otherwise,
        }
