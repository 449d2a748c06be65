"""Codex: OpenAI's CLI; the facts are those of codex-cli 0.169.0."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from controller.agents import codex_events, codex_hooks
from controller.agents.answers import approach
from controller.agents.base import Approach, Event, Launch, Mode, Permission, Stream
from controller.agents.codex_screen import look
from controller.agents.config_files import seed_file, seed_folder, unseed_file
from controller.agents.family import Family
from controller.agents.resets import reset_of
from controller.agents.verdict import judge_exit
from controller.core.exits import Exit
from controller.core.facts import Facts, Trouble
from controller.core.observed import Report, Result
from controller.core.workload import Workload

KEYS = ("OPENAI_API_KEY", "CODEX_API_KEY")
"""Variables with a key. Where none of them is handed on, the login in the home counts."""
VENDOR = "https://api.openai.com/v1"
_SANDBOXES = {
    Permission.PLAN: "read-only",
    Permission.EDITS: "workspace-write",
    Permission.ALL: "danger-full-access",
}
_RETRIES = 2
"""Of a request, and of a stream: the controller holds and resumes."""


@dataclass(frozen=True, slots=True)
class Codex(Family):
    """Codex, by settings on its command line alone: what a person set in its home stays.

    `base_url` ends with `/v1`. With `Permission.PLAN` nothing can be written, a report neither.
    `allow` becomes rules of its home (`rules/sidekick.rules`): such commands leave the sandbox.
    It has no bound on costs.
    """

    LOGINS: ClassVar[tuple[str, ...]] = ("auth.json",)
    takes_ids: ClassVar[bool] = False
    reticent: ClassVar[bool] = True

    def launch(self, workload: Workload, run_folder: str) -> Launch:
        """`codex exec --json …`, or the TUI; the prompt last, behind `--`."""
        options = self.options
        goes_on, prompt = self.goes_on(workload), self.prompt(workload)
        headless = options.mode is Mode.HEADLESS
        how = ("exec", "--json", "--skip-git-repo-check") if headless else ("--no-daemon",)
        resume = ("resume", workload.conversation) if goes_on else ()
        argv = (
            *(options.program, *how),
            # For its reports; nobody else can write there.
            *(("--add-dir", run_folder) if options.permission is Permission.EDITS else ()),
            *(("--model", workload.model) if workload.model else ()),
            *(
                part
                for name, value in self._settings(workload)
                for part in ("-c", f"{name}={value}")
            ),
            *options.arguments,
            *resume,
            *("--", prompt),
        )
        environment = {**options.environment, "CODEX_HOME": str(options.home)}
        return Launch(
            argv, options.mode, prompt, environment=environment, inherit=self.variables,
            secrets=options.secrets, stream=Stream.CODEX if headless else None,
            hooks=not headless,
        )  # fmt: skip

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:  # noqa: ARG002
        """Its home, and the rules for what it may run besides.

        Raises:
            AgentError: It cannot be written.
        """
        seed_folder(self.options.home)
        rules = self.options.home / "rules" / "sidekick.rules"
        if self.options.allow:
            seed_file(rules, "".join(map(_rule, self.options.allow)))
        else:
            unseed_file(rules)

    def read(self, facts: Facts, event: Event) -> Facts:
        """Fold one more event of `codex exec --json`, or of a hook."""
        if "hook_event_name" in event:
            return codex_hooks.read(facts, event)
        return codex_events.fold(facts, event)

    def look(self, facts: Facts, screen: str) -> Facts:
        """What its terminal shows."""
        return look(facts, screen)

    def approach(self, screen: str, text: str) -> Approach:
        """How an answer is given to what its terminal shows."""
        return approach("codex", screen, text)

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By its events; where these break off, by its last lines."""
        facts = codex_events.fold_tail(facts, end.tail, failed=end.status != 0)
        if facts.trouble is Trouble.LIMIT and facts.until is None:
            facts = replace(facts, until=reset_of(facts.message, end.ended_at))
        # An event is no last word for a person.
        end = replace(end, tail=tuple(each for each in end.tail if not each.startswith("{")))
        return judge_exit(end, report, facts, tells=self.headless)

    def _settings(self, workload: Workload) -> Iterator[tuple[str, str]]:
        """Name → value as TOML, for `-c`; they beat the home's config.toml."""
        options = self.options
        asks = options.mode is Mode.INTERACTIVE and options.permission is not Permission.ALL
        yield "sandbox_mode", _toml(_SANDBOXES[options.permission])
        yield "approval_policy", _toml("on-request" if asks else "never")
        yield "projects", _toml({workload.folder: {"trust_level": "trusted"}})
        key = next((name for name in KEYS if name in {*options.environment, *options.inherit}), "")
        if key or options.base_url:
            provider = {
                "name": "sidekick",
                "base_url": options.base_url or VENDOR,
                "env_key": key or KEYS[0],
                "wire_api": "responses",
                "request_max_retries": _RETRIES,
                "stream_max_retries": _RETRIES,
            }
            yield "model_provider", _toml("sidekick")
            yield "model_providers.sidekick", _toml(provider)
        if options.mode is Mode.INTERACTIVE:
            yield "hooks", _toml(codex_hooks.hook_settings())
        if options.preamble:
            yield "developer_instructions", _toml(options.preamble)
        yield "check_for_update_on_startup", "false"
        yield "analytics.enabled", "false"
        yield "otel.metrics_exporter", _toml("none")
        # A daemon would finish the turn after its session was stopped; plugins and apps ask their
        # vendor for news at each start.
        for feature in ("daemon_auto_start", "unbounded_connection_retries", "plugins", "apps",
                        "remote_plugin"):  # fmt: skip
            yield f"features.{feature}", "false"


def _toml(value: object) -> str:
    """A value as TOML on one line: texts, numbers, and tables and lists of these."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_toml(name)} = {_toml(each)}" for name, each in value.items()) + "}"
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_toml, value))}]"
    # Its texts are those of JSON, but for halves of characters and for DEL.
    clean = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _rule(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:  # a quote that is not closed: it stands for itself
        words = command.split()
    return f'prefix_rule(pattern={json.dumps(words)}, decision="allow")\n' if words else ""
