"""Qwen Code: headless with a stream of events in Claude Code's form, or its terminal.

Measured with 0.24.4, from npm with Node 22 (it runs with 20). Its hooks are Claude Code's; they
are told it by a file of defaults below its own settings, so that a person's hooks stay.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from controller.agents import answers
from controller.agents.base import Approach, Event, Launch, Permission, Stream
from controller.agents.claude_hooks import HOOKS, read_hook
from controller.agents.claude_stream import read_claude
from controller.agents.config_files import fill_in
from controller.agents.events import inner
from controller.agents.family import Family
from controller.agents.hooks import SECONDS, hook_command
from controller.agents.patience import Client, node_options, patience
from controller.agents.screens import Shows, classify
from controller.agents.verdict import forgotten, judge_exit
from controller.core.exits import Exit
from controller.core.facts import Facts
from controller.core.observed import Report, Result
from controller.core.workload import Workload
from controller.files import read_small

_KEY = "OPENAI_API_KEY"
"""The variable that it reads its key from, whosever that is."""
_VENDORS_KEY = "DASHSCOPE_API_KEY"
_VENDOR = re.compile(r"https://[^/]*\.aliyuncs\.com(/|$)")
"""Where it goes without an address: measured, https://dashscope.aliyuncs.com."""
_MODES = {Permission.PLAN: "plan", Permission.EDITS: "auto-edit", Permission.ALL: "yolo"}
_QUIET = {
    # One process instead of two.
    "QWEN_CODE_NO_RELAUNCH": "true",
    "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
}
_SETTINGS: Mapping[str, object] = {
    "security": {"auth": {"selectedType": "openai"}},
    "general": {"enableAutoUpdate": False},
    # Besides its own seven attempts at a request, those of its client.
    "model": {"generationConfig": {"maxRetries": 0}},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
}
_SETTINGS_FILE = "settings.json"
_REPORT = "sidekick report"
_HOOKS = "hooks.json"
_PATIENCE = "patience.cjs"
_SPECIAL = re.compile(r"[!-,:-@\[-^`{-~]")
"""ASCII's marks, but for `-`, `.`, `/`, `_`, which mean nothing in a pattern of picomatch."""
_LOST = "No saved session found"


@dataclass(frozen=True, slots=True)
class Qwen(Family):
    """Qwen Code with its settings."""

    VARIABLES: ClassVar[tuple[str, ...]] = (_VENDORS_KEY, "OPENAI_MODEL")
    LOGINS: ClassVar[tuple[str, ...]] = (".env", "oauth_creds.json")

    @property
    def vendors(self) -> tuple[str, ...]:
        """Its vendor's key, or that of the API at its address.

        What it reads is called as OpenAI's is: one of theirs would go to its vendor.
        """
        address = self.options.base_url or self.options.environment.get("OPENAI_BASE_URL", "")
        elsewhere = bool(address) and not _VENDOR.match(address)
        return (_KEY, "OPENAI_MODEL") if elsewhere else self.VARIABLES

    @property
    def logins(self) -> tuple[Path, ...]:
        """Those files; its settings, which are seeded, only where a key stands in them."""
        files = tuple(self.options.home / name for name in self.LOGINS)
        settings = self.options.home / _SETTINGS_FILE
        return (*files, settings) if _holds_key(settings) else files

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """`qwen` with its events as JSON, the prompt on its standard input; or its terminal."""
        options = self.options
        headless, prompt = self.headless, self.prompt(workload)
        allowed = (_REPORT, *options.allow) if options.permission is Permission.EDITS else ()
        argv = (
            options.program,
            *(("--output-format", "stream-json") if headless else ()),
            *("--approval-mode", _MODES[options.permission]),
            *((_within(workload.folder),) if options.permission is Permission.EDITS else ()),
            *(f"--allowed-tools=run_shell_command({command})" for command in allowed),
            *(("--resume" if workload.begun else "--session-id"), workload.conversation),
            *(("--model", workload.model) if workload.model else ()),
            *((f"--append-system-prompt={options.preamble}",) if options.preamble else ()),
            *options.arguments,
            *(() if headless else (f"--prompt-interactive={prompt}",)),
        )
        environment = {**_QUIET, "QWEN_HOME": str(options.home)}
        if options.base_url:
            environment["OPENAI_BASE_URL"] = options.base_url
        if not headless:
            environment["QWEN_CODE_SYSTEM_DEFAULTS_PATH"] = f"{run_folder}/{_HOOKS}"
        own = options.environment.get("NODE_OPTIONS", "")
        hook = "" if headless else hook_command()
        files = {_PATIENCE: patience(Client.UNDICI, ("cli.js",), own, hook)}
        files |= {} if headless else {_HOOKS: _hook_settings()}
        launch = self.by_stdin(workload, argv, environment, Stream.CLAUDE, files, hooks=True)
        own_way = _KEY in options.inherit or _VENDORS_KEY not in self.variables
        renamed = {} if own_way else {_KEY: _VENDORS_KEY}
        loaded = {"NODE_OPTIONS": node_options(own, f"{run_folder}/{_PATIENCE}")}
        environment = {**launch.environment, **loaded}
        return replace(launch, environment=environment, renamed=renamed)

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:  # noqa: ARG002
        """Its settings."""
        fill_in(self.options.home / _SETTINGS_FILE, _SETTINGS)

    def read(self, facts: Facts, event: Event) -> Facts:
        """Fold an event of its stream, or of a hook."""
        return read_claude(facts, event) if "type" in event else read_hook(facts, event)

    def look(self, facts: Facts, screen: str) -> Facts:
        """Whether its terminal shows that it works; all else its hooks tell."""
        seen = classify("qwen", screen)
        working = seen is not None and seen.shows is Shows.WORKING
        return replace(facts, working=True, ask=None) if working else facts

    def approach(self, screen: str, text: str) -> Approach:
        """How an answer is given to what its terminal shows."""
        return answers.approach("qwen", screen, text)

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By its own record of the turn's end."""
        facts = forgotten(end, facts, _LOST)
        return judge_exit(end, report, facts, tells=self.headless)


def _hook_settings() -> str:
    call = {"type": "command", "command": hook_command(), "timeout": SECONDS * 1000}
    return json.dumps({"hooks": {name: [{"hooks": [call]}] for name in HOOKS}})


def _holds_key(settings: Path) -> bool:
    """Whether a key stands in its settings: its `/auth` writes it into `env`."""
    try:
        known = json.loads(read_small(settings))
    except (OSError, ValueError, RecursionError):
        return False
    auth = inner(inner(inner(known).get("security")).get("auth"))
    return bool(auth.get("apiKey") or any(inner(inner(known).get("env")).values()))


def _within(folder: str) -> str:
    """The rule that denies edits elsewhere: its mode for edits would accept them anywhere.

    It holds the rule against where a file really is.
    """
    pattern = _SPECIAL.sub("?", os.path.realpath(folder).lstrip("/"))
    return f"--exclude-tools=Edit(//!({pattern}/**))"
