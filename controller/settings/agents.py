"""The settings of agents: who they are, what they may do and spend."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from controller.deadline import cpu_limit
from controller.settings.base import (
    Argument,
    Count,
    Dollars,
    Name,
    Section,
    Tokens,
    Variable,
    Word,
)

PREAMBLE = """\
You work unattended, started by CTO Sidekick; nobody reads along. Do the task that you are given in
this folder, to its end. When it is done, run: sidekick report done "one sentence on what you did".
When you need a person (a decision, a permission, a secret), run: sidekick report waiting "your
question" and end your turn: the answer comes as your next message. When the task cannot be done,
run: sidekick report blocked "why". Now and then run: sidekick report progress "where you are".
If you know what should be done after this task, run: sidekick report next "that task".
"""

FAMILIES = ("claude", "codex", "gemini", "qwen", "opencode", "aider")
_COMMAND_ONLY = ("command", "resume", "prompt_on_stdin", "exit_codes", "patterns")
_FAMILY_ONLY = ("program", "permission", "allow", "arguments", "base_url")


class BudgetSection(Section):
    """How much may be spent; 0 for no bound. Dollars are what the agent says that it cost, or what
    `prices` make of its tokens.
    """  # noqa: D205 - one thought of two lines

    dollars: Dollars = Field(0.0, description="Dollars.")
    tokens: Tokens = Field(0, description="Tokens: read, read from a cache and written.")


class PriceSection(Section):
    """What a model's tokens cost, for agents that do not say; dollars a million tokens."""

    input: Dollars = Field(0.0, description="Tokens that are read.")
    cached: Dollars = Field(0.0, description="Tokens that are read from a cache.")
    output: Dollars = Field(0.0, description="Tokens that are written.")


Outcome = Literal[
    "completed", "waiting", "blocked", "limit", "credit", "auth", "rate_limited", "overloaded",
    "offline", "crashed",
]  # fmt: skip
ExitCode = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$")]
_PATTERN = 500
_SLOW = 0.2
"""Seconds on a processor that a pattern may take for the lines that it is tried on."""


class PatternSection(Section):
    """What a line means, of the last 20 that an agent printed or its terminal shows."""

    outcome: Outcome = Field(description="What it means.")
    pattern: str = Field(
        min_length=1,
        max_length=_PATTERN,
        description="A regular expression (Python's), found somewhere in the line. Its group "
        "`text` is what the row says, else the line; its group `reset` is when it is over: ISO "
        "8601, seconds, `4h28m`, or `8:02am (UTC)`.",
    )


class AgentSection(Section):
    """An agent: one of the families that are built in, or a command line with the placeholders
    {prompt}, {prompt_file}, {project}, {folder}, {model} and {conversation}. A list inside the list
    is left out where one of its placeholders is empty.
    """  # noqa: D205 - the list of placeholders takes two lines

    type: Literal["", "command", "claude", "codex", "gemini", "qwen", "opencode", "aider"] = Field(
        "",
        description="The family: how it is started, what it prints, what its end means. By default "
        "`command` where there is one, else the agent's own name.",
    )
    enabled: bool = Field(True, description="Whether it gets work at all.")
    program: Word = Field(
        "", description="The program of a family; by default its own name, looked up on the PATH."
    )
    command: tuple[Argument, ...] = Field(
        (), description="Program and arguments; no shell sees them. For `command` alone."
    )
    resume: tuple[Argument, ...] = Field(
        (), description="The same to go on with {conversation}; empty where the agent cannot."
    )
    mode: Literal["headless", "interactive"] = Field(
        "headless", description="Behind a pipe, or on the session's terminal."
    )
    slots: Count = Field(2, description="Sessions that it may have at once.")
    permission: Literal["plan", "edits", "all"] = Field(
        "edits",
        description="What a family's agent may do unasked: nothing but read; edit files inside the "
        "project's folder, and run what `allow` names; anything (in a container that holds "
        "nothing else).",
    )
    allow: tuple[Word, ...] = Field(
        (),
        description="Commands that it may run besides, each the beginning of a command line, as "
        "`npm test`.",
    )
    arguments: tuple[Word, ...] = Field((), description="More arguments for a family's program.")
    base_url: Word = Field(
        "",
        description="The address of the API, where not the vendor's own. Codex, Qwen Code, "
        "opencode and aider want it with its path, mostly `/v1`; Claude Code and Gemini CLI "
        "without.",
    )
    budget: BudgetSection = Field(
        BudgetSection(), description="What all its runs of a day may spend."
    )
    run_budget: BudgetSection = Field(
        BudgetSection(), description="What one of its runs may spend."
    )
    prompt_on_stdin: bool = Field(False, description="The prompt is its standard input.")
    exit_codes: dict[ExitCode, Outcome] = Field(
        {},
        description="Exit status → what it means, of a `command`. One that means `completed` "
        "counts whatever was printed; else a pattern that fits comes first.",
    )
    patterns: tuple[PatternSection, ...] = Field(
        (),
        description="What its last lines mean, of a `command`; the newest line that fits counts.",
    )
    environment: dict[Variable, Word] = Field({}, description="Variables that are set for it.")
    pass_environment: tuple[Variable, ...] = Field(
        (),
        description="Variables handed on from the controller's own environment, besides those that "
        "its family knows.",
    )
    secrets_file: str = Field(
        "",
        pattern=r"^(/[^\x00-\x1f]*)?$",
        description="A file of lines NAME=VALUE, with its absolute path where the session runs: "
        "it is read there alone, never by the controller.",
    )

    def family(self, name: str) -> str:
        """The family of an agent of this name."""
        return self.type or ("command" if self.command else name)


class RouteSection(Section):
    """Which agent works for a word in the Model column; in a list, the first that can."""

    agent: Name = Field(description="A name under `agents`.")
    model: str = Field("", description="The model id that the agent is told ({model}).")


class BudgetsSection(Section):
    """Budgets over all agents; an agent's own are among its settings."""

    row: BudgetSection = Field(
        BudgetSection(), description="What all runs of one row may spend until it is done."
    )
    day: BudgetSection = Field(BudgetSection(), description="What all runs of a day may spend.")


def foreign(name: str, section: AgentSection) -> tuple[tuple[str, ...], str]:
    """Settings that an agent of this kind may not have, and why."""
    family = section.family(name)
    if family == "command":
        return _FAMILY_ONLY, f"is for the families {', '.join(FAMILIES)}"
    return _COMMAND_ONLY, f"is for `command` alone, and this is of the family {family}"


def agent_faults(
    name: str, section: AgentSection
) -> Iterator[tuple[tuple[str | int, ...], object, str]]:
    """What is wrong with an agent's settings: the setting, its value, and why."""
    family = section.family(name)
    if family not in {"command", *FAMILIES}:
        text = f"no such family; give a command, or a type: {', '.join(FAMILIES)}"
        yield ("type",), section.type or None, text
        return
    if family == "command" and not section.command:
        yield ("command",), None, "a command line is needed, as [program, argument]"
    others, text = foreign(name, section)
    for setting in others:
        if setting in section.model_fields_set:
            yield (setting,), getattr(section, setting), text
    for index, item in enumerate(section.patterns):
        if why := _pattern_fault(item.pattern):
            yield ("patterns", index, "pattern"), item.pattern, why


def _pattern_fault(pattern: str) -> str:
    """Why a pattern cannot be used; empty where it can."""
    try:
        expression = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    # Repeated repetitions, as (a+)+, take for ever on a line that nearly fits.
    probes = {f"{char * 40}\n!" for char in {*pattern, *"a0 .-"}}
    try:
        with cpu_limit(_SLOW):
            for probe in probes:
                expression.search(probe)
    except TimeoutError:
        return "takes too long on some lines; it repeats a repetition, as (a+)+"
    return ""
