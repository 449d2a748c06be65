"""The families that are tested: what each needs, and where it differs from the common table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from controller.agents.aider import Aider
from controller.agents.base import Agent, Options
from controller.agents.claude import Claude
from controller.agents.codex import Codex
from controller.agents.gemini import Gemini
from controller.agents.opencode import Opencode
from controller.agents.qwen import Qwen
from controller.core.observed import Ending


@dataclass(frozen=True, slots=True)
class Family:
    """One family of agents.

    Attributes:
        name: Its name in deploy/install_agents.sh.
        program: Its program in `.agents/bin`.
        build: Makes the agent.
        base_url: The mock's address as the family wants it, from that of its root.
        key: The variable with its key.
        model: A model that the program knows; empty for its default.
        differs: Scenario → how it ends here: an ending and its reason, or why it is left out.
        exact: Seconds by which a limit's end may be told too late; None where it is not told.
        patience: Seconds for which its own retries last at most.
        terminal: Seconds within which its terminal's first step is done, on a busy machine.
        alone_at_first: Of several that start at once in a new home, some crash.
        loops: It goes on by itself after it used a tool.
        arguments: More arguments, for all scenarios.
        tool: How it calls what it reports with; `{tools}` stands for the folder of that.
    """

    name: str
    program: str
    build: Callable[[Options], Agent]
    base_url: Callable[[str], str]
    key: str
    model: str = ""
    differs: Mapping[str, tuple[Ending, str] | str] = field(default_factory=dict)
    exact: float | None = 5.0
    patience: float = 8.0
    terminal: float = 60.0
    alone_at_first: bool = False
    loops: bool = True
    arguments: tuple[str, ...] = ()
    tool: str = "sidekick"


def _v1(url: str) -> str:
    return f"{url}/v1"


_MINUTE = "its own retries, which nothing switches off, last more than a minute"

FAMILIES = {
    family.name: family
    for family in (
        Family(
            "claude",
            "claude",
            Claude,
            str,
            "CLAUDE_CODE_OAUTH_TOKEN",  # of a subscription: it tells when a limit is over
            exact=120,
            patience=30,
        ),
        Family(
            "codex",
            "codex",
            Codex,
            _v1,
            "OPENAI_API_KEY",
            differs={"denied_command": "its sandbox bounds commands, not a list of them"},
            exact=120,  # told to the minute
            tool="{tools}/sidekick",  # its shells are login shells, with a PATH of their own
            # The tests' folders are below /tmp, where its sandbox lets everybody write.
            arguments=(
                *("-c", "sandbox_workspace_write.exclude_slash_tmp=true"),
                *("-c", "sandbox_workspace_write.exclude_tmpdir_env_var=true"),
            ),
        ),
        Family(
            "gemini",
            "gemini",
            Gemini,
            str,
            "GEMINI_API_KEY",
            differs={
                "rate_limit": (Ending.UNAVAILABLE, "RateLimited"),
                "interrupted": (Ending.CRASHED, "NoResult"),
            },
        ),
        Family(
            "qwen",
            "qwen",
            Qwen,
            _v1,
            "OPENAI_API_KEY",
            differs={"broken": (Ending.COMPLETED, "Finished")},  # it goes on behind the break
            patience=30,
        ),
        Family(
            "opencode",
            "opencode",
            Opencode,
            _v1,
            "OPENAI_API_KEY",
            model="m1",
            patience=30,
            alone_at_first=True,  # its database is made then
            terminal=180,
        ),
        Family(
            "aider",
            "aider",
            Aider,
            _v1,
            "OPENAI_API_KEY",
            model="gpt-5",
            exact=None,
            patience=80,
            loops=False,
            differs={
                "command": "it runs none where nobody can be asked",
                "report": "it runs no commands",
                "forbidden": (
                    Ending.BLOCKED,
                    "RequestRefused",
                ),  # litellm takes it for a bad request
                "question": "it prints no events, and has no way to say that it asks",
                "controller_killed": "each start takes ten seconds, and its answers are short",
                "denied_command": "it runs none where nobody can be asked",
                "denied": "it has no sandbox and edits what its person names",
                "overloaded": _MINUTE,
                "billing": _MINUTE,
                "broken": _MINUTE,
                "offline": _MINUTE,
                "killed": "`stopped` shows the same, and each start takes ten seconds",
                "rate_limit": "`usage_limit` shows the same, and each start takes ten seconds",
                "interactive": "on a terminal it ends with its answer, too",
                "terminal": "on a terminal it ends with its answer, too",
                "terminal_limit": "on a terminal it ends with its answer, too",
                "several": "each start takes ten seconds",
                "interrupted": "it runs no commands; its answers are short",
                "odd_prompts": "each start takes ten seconds",
                "forgotten": "it begins a new history where the old one is lost",
            },
        ),
    )
}
