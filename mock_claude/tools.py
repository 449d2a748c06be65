"""What the agents' tools are called, and how they name their arguments."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mock_claude.answers import Answer, ToolCall
from mock_claude.script import Step

TEXT = "text:"
"""Before the name of a tool that takes a text in place of arguments."""
_Arguments = Callable[[Step], Mapping[str, Any] | str]


def _shell_write(step: Step) -> str:
    path, text = step.words
    return f"cat > {_quoted(path)} <<'EOF_MOCK'\n{text}\nEOF_MOCK"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _patch(step: Step) -> str:
    """Codex's models write programs that call its tools; one of these takes patches."""
    path, text = step.words
    added = "".join(f"+{line}\n" for line in text.split("\n"))
    patch = f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n"
    return f"text(await tools.apply_patch({json.dumps(patch)}));"


def _program(step: Step) -> str:
    call = f"tools.exec_command({json.dumps({'cmd': step.words[0]})})"
    return f"text((await {call}).output);"


_RUN: Mapping[str, _Arguments] = {
    f"{TEXT}exec": _program,
    "Bash": lambda step: {"command": step.words[0], "description": "Run it"},
    "exec_command": lambda step: {"cmd": step.words[0]},
    "run_shell_command": lambda step: {"command": step.words[0], "description": "Run it"},
    "bash": lambda step: {"command": step.words[0], "description": "Run it"},
    "shell": lambda step: {"command": ["bash", "-lc", step.words[0]]},
}
_TOOLS: Mapping[str, Mapping[str, _Arguments]] = {
    "write": {
        "Write": lambda step: {"file_path": step.words[0], "content": step.words[1]},
        "write_file": lambda step: {"file_path": step.words[0], "content": step.words[1]},
        "write": lambda step: {"filePath": step.words[0], "content": step.words[1]},
        f"{TEXT}exec": _patch,
        # With a model that it does not know, Codex offers no tool that writes a file.
        "exec_command": lambda step: {"cmd": _shell_write(step)},
        "shell": lambda step: {"command": ["bash", "-lc", _shell_write(step)]},
    },
    "run": _RUN,
    "ask": {
        "AskUserQuestion": lambda step: {
            "questions": [
                {
                    "question": step.words[0],
                    "header": "Question",
                    "multiSelect": False,
                    "options": [
                        {"label": "Yes", "description": "Go on"},
                        {"label": "No", "description": "Leave it"},
                    ],
                }
            ]
        },
    },
}
"""Step → tool → its arguments; the first tool that an agent offers is called."""


def answer_to(step: Step, tools: Sequence[str]) -> Answer:
    """The answer that carries out a step: by a tool, or in words where none is offered."""
    over = step.option("over", 0.0)
    if step.verb == "say":
        return Answer(text=step.words[0], over=over)
    if step.verb == "call":  # whether or not the agent has it: what it makes of that is its own
        return Answer(call=ToolCall(step.words[0], json.loads(step.words[1])), over=over)
    for tool, arguments in _TOOLS[step.verb].items():
        if tool in tools:
            return Answer(call=_call(tool, arguments(step)), over=over)
    return Answer(text=_in_words(step), over=over)


def _call(tool: str, arguments: Mapping[str, Any] | str) -> ToolCall:
    if isinstance(arguments, str):
        return ToolCall(tool.removeprefix(TEXT), {}, arguments)
    return ToolCall(tool, arguments)


def _in_words(step: Step) -> str:
    """A step as text; aider reads edits from it, where an empty SEARCH makes a new file."""
    match step.verb:
        case "write":
            path, text = step.words
            return f"{path}\n```\n<<<<<<< SEARCH\n=======\n{text}\n>>>>>>> REPLACE\n```\n"
        case "run":
            return f"```bash\n{step.words[0]}\n```\n"
        case _:
            return step.words[0]
