"""Gemini CLI: headless with a stream of events, or its terminal.

Measured with 0.61.0. Its exit status is the HTTP status modulo 256; told to end, it ends with 0
and no result. What it is not allowed to do headless it does not even offer to its model, unless a
rule for some arguments says so: the rules written here let it try, and be refused in its stream.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from controller.agents import answers, gemini_hooks, gemini_screen
from controller.agents.base import Approach, Event, Launch, Permission, Stream
from controller.agents.config_files import fill_in, teach
from controller.agents.family import Family
from controller.agents.gemini_stream import read_gemini, read_retry
from controller.agents.hooks import hook_command
from controller.agents.patience import Client, node_options, patience
from controller.agents.refusals import trouble_of
from controller.agents.verdict import forgotten, judge_exit
from controller.core.exits import Exit
from controller.core.facts import Facts, Trouble
from controller.core.observed import Report, Result
from controller.core.workload import Workload

VARIABLES = (
    *("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
    *("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS"),
    *("GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"),
)
POLICY = "policy.toml"
_PATIENCE = "patience.cjs"
_PROGRAMS = ("gemini", "gemini.js")
"""What the file of its own process is called."""
_MODES = {Permission.PLAN: "plan", Permission.EDITS: "auto_edit", Permission.ALL: "yolo"}
_QUIET = {
    # One process instead of two, of which the outer one ignores SIGTERM.
    "GEMINI_CLI_NO_RELAUNCH": "true",
    "GEMINI_CLI_TRUST_WORKSPACE": "true",
}
_SETTINGS: Mapping[str, object] = {
    "general": {
        "enableAutoUpdate": False,
        "enableAutoUpdateNotification": False,
        # With a second attempt it would wait for the end of a limit, hours, and look like working.
        "maxAttempts": 1,
        "retryFetchErrors": False,
    },
    # "auto" asks another model first which one to take, and that with ten attempts of its own.
    "model": {"name": "pro"},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
}
_REFUSED = "Nobody is here to allow this. Go on without it, or say what you need."
_REPORT = "sidekick report"
_LOST = ("Error resuming session", "Invalid session identifier", "No previous sessions found")
_OF_STATUS = {41: Trouble.AUTH, 42: Trouble.REQUEST, 53: Trouble.TURNS}
"""Its own exit statuses; 42 is an argument that it does not take."""
_HTTP = {status % 256: status for status in (400, 401, 402, 403, 404, 413, 429, 500, 502, 503, 504)}


@dataclass(frozen=True, slots=True)
class Gemini(Family):
    """Gemini CLI with its settings."""

    VARIABLES: ClassVar[tuple[str, ...]] = VARIABLES
    LOGINS: ClassVar[tuple[str, ...]] = (".gemini/oauth_creds.json",)
    reticent: ClassVar[bool] = True

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """`gemini` with its events as JSON, the prompt on its standard input; or its terminal."""
        options = self.options
        headless, prompt = self.headless, self.prompt(workload)
        argv = (
            options.program,
            *(("--output-format", "stream-json") if headless else ()),
            *("--approval-mode", _MODES[options.permission]),
            *("--policy", f"{run_folder}/{POLICY}"),
            *(("--resume" if workload.begun else "--session-id"), workload.conversation),
            *(("--model", workload.model) if workload.model else ()),
            *options.arguments,
            *(() if headless else (f"--prompt-interactive={prompt}",)),
        )
        environment = {**_QUIET, "GEMINI_CLI_HOME": str(options.home)}
        if options.base_url:
            environment["GOOGLE_GEMINI_BASE_URL"] = options.base_url
        files = {POLICY: self._policy()}
        if headless:
            return self.by_stdin(workload, argv, environment, Stream.GEMINI, files)
        # On a terminal it takes no number of attempts.
        own = options.environment.get("NODE_OPTIONS", "")
        environment[gemini_hooks.VARIABLE] = hook_command()
        files[_PATIENCE] = patience(Client.FETCH, _PROGRAMS, own, hook_command())
        launch = self.by_stdin(workload, argv, environment, Stream.GEMINI, files, hooks=True)
        loaded = {"NODE_OPTIONS": node_options(own, f"{run_folder}/{_PATIENCE}")}
        return replace(launch, environment={**launch.environment, **loaded})

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:  # noqa: ARG002
        """Its settings, and what it is taught."""
        google = (self._folder / "oauth_creds.json").exists()
        login = {"selectedType": "oauth-personal" if google else "gemini-api-key"}
        hooks = {} if self.headless else gemini_hooks.hook_settings()
        settings = {**_SETTINGS, "security": {"auth": login}, **hooks}
        fill_in(self._folder / "settings.json", settings)
        teach(self._folder / "GEMINI.md", self.options.preamble)

    def read(self, facts: Facts, event: Event) -> Facts:
        """Fold an event of its stream, of a hook, or of our own about its requests."""
        if "hook_event_name" in event:
            return gemini_hooks.read(facts, event)
        if event.get("subtype") == "api_retry":
            return read_retry(facts, event)
        return read_gemini(facts, event)

    def look(self, facts: Facts, screen: str) -> Facts:
        """What its terminal shows."""
        return gemini_screen.look(facts, screen)

    def approach(self, screen: str, text: str) -> Approach:
        """How an answer is given to what its terminal shows."""
        return answers.approach("gemini", screen, text)

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By its own record of the turn's end, and by its exit status where that says more."""
        if end.status and facts.trouble in {None, Trouble.ERROR} and not facts.ok:
            facts = _by_status(end, facts)
        return judge_exit(end, report, facts, tells=self.headless)

    @property
    def _folder(self) -> Path:
        return self.options.home / ".gemini"

    def _policy(self) -> str:
        """Rules besides those of its mode, as TOML."""
        options = self.options
        if options.permission is Permission.ALL:
            return ""
        if options.permission is Permission.PLAN:
            # Headless, its own rules let it leave that mode unasked.
            return _rule("deny", 900, toolName="exit_plan_mode", denyMessage=_REFUSED)
        prefixes = [_REPORT, *options.allow]
        shell = {"toolName": "run_shell_command"}
        allowed = _rule("allow", 500, **shell, commandPrefix=prefixes)
        refused = _rule(
            "deny", 100, **shell, commandRegex=".*", denyMessage=_REFUSED, interactive=False
        )
        return f"{allowed}\n{refused}"


def _rule(decision: str, priority: int, **conditions: object) -> str:
    """A rule of its policy engine; JSON's strings, lists and truth values are TOML's too."""
    fields = {**conditions, "decision": decision, "priority": priority}
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "\n".join(("[[rule]]", *lines, ""))


def _by_status(end: Exit, facts: Facts) -> Facts:
    facts = forgotten(end, facts, *_LOST)
    if facts.trouble is Trouble.CONVERSATION:
        return facts
    status = end.status or 0
    if trouble := _OF_STATUS.get(status):
        said = next((line.strip() for line in reversed(end.tail) if line.strip()), "")
        return replace(facts, trouble=trouble, message=facts.message or said)
    if http := _HTTP.get(status):
        message = facts.message or f"HTTP status {http}"
        return replace(facts, trouble=trouble_of(http, facts.message), message=message)
    return facts
