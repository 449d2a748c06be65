"""Codex's hooks: what its terminal tells, in Claude Code's form (measured with 0.169.0).

It runs a hook only after a person trusted it at the terminal, and knows it again by a hash of what
it says. Ours are told beside the settings that bring them, with their hashes; all others it asks
for as ever. There is no hook for a turn that its service ends, nor for one that a person
interrupts: these are seen on its screen.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from controller.agents.base import Event
from controller.agents.claude_hooks import read_hook
from controller.agents.events import inner, texts
from controller.agents.hooks import SECONDS, hook_command
from controller.core.facts import Facts

EVENTS = {
    "SessionStart": "session_start",
    "UserPromptSubmit": "user_prompt_submit",
    "PreToolUse": "pre_tool_use",
    "PostToolUse": "post_tool_use",
    "PermissionRequest": "permission_request",
    "Stop": "stop",
}
"""What it calls an event, and what it calls it where it remembers whom it trusts."""
_ORIGIN = "/<session-flags>/config.toml"
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$", re.MULTILINE)


def hook_settings() -> Mapping[str, Any]:
    """Its setting `hooks`: our program for each event, and that it is trusted."""
    call = {"type": "command", "command": hook_command(), "timeout": SECONDS}
    return {
        **{name: [{"hooks": [call]}] for name in EVENTS},
        "state": {f"{_ORIGIN}:{key}:0:0": {"trusted_hash": _hash(key, call)}
                  for key in EVENTS.values()},
    }  # fmt: skip


def read(facts: Facts, event: Event) -> Facts:
    """Fold one more hook's event into what is known."""
    given = inner(event.get("tool_input"))
    if event.get("tool_name") == "apply_patch":
        paths = _PATCHED.findall(texts(given.get("command")))
        event = {**event, "tool_name": "Edit", "tool_input": {"path": ", ".join(paths)}}
    return read_hook(facts, event)


def _hash(key: str, call: Mapping[str, Any]) -> str:
    """As Codex makes it: of the hook as JSON, without spaces, its keys in order."""
    identity = {"event_name": key, "hooks": [{**call, "async": False}]}
    text = json.dumps(identity, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
