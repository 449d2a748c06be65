"""Screens: what an agent's terminal shows, read from its bottom lines; the last means to know.

Every release of an agent may draw otherwise, and an agent can print whatever it likes. So patterns
are data, tested on screens of the version that they are for; only the last lines count, where a
program draws its dialogs and its footer; and what no pattern knows is nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

FOOT = 4
"""Lines at the end, empty ones not counted, that hold a footer."""
BOTTOM = 24
"""Lines with anything on them that are looked at: what lies above is history."""
_OPTION = re.compile(r"^\s*[❯›>]?\s*(\d)\.\s+(.+?)\s*$")
_TEXT = 500


class Shows(StrEnum):
    """What a screen shows."""

    WORKING = "working"
    RETRYING = "retrying"
    IDLE = "idle"
    PERMISSION = "permission"
    QUESTION = "question"
    TRUST = "trust"
    """Any other dialog too, that only a person at the terminal can decide."""
    LOGIN = "login"
    LIMIT = "limit"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a screen is known.

    Attributes:
        shows: What it shows.
        foot: Found in the last lines, without empty ones; empty for any.
        body: Found in the bottom lines; its group `text` is what is told of it.
    """

    shows: Shows
    foot: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A screen that is known.

    Attributes:
        shows: What it shows.
        text: What it says, on one line; empty where the pattern tells nothing.
        options: Number → label, where a dialog offers some.
    """

    shows: Shows
    text: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


_SAYS = r"\n(?:  ⎿|●)\s+"
_LAST = r"(?![\s\S]*\n●)"
_ERRORS = r"(?:API Error: |Invalid API key|Credit balance|Please run /login)"
CLAUDE = (  # Claude Code 2.1.330
    Pattern(Shows.LOGIN, r"Enter to confirm", r"(?P<text>Do you want to use this API key\?)"),
    Pattern(Shows.LOGIN, r"", r"(?P<text>Select login method:)"),
    Pattern(Shows.ERROR, r"Enter to confirm", r"Configuration error\s+(?P<text>\S[^\n]*)"),
    Pattern(Shows.LIMIT, r"Enter to confirm", r"(?P<text>You've hit your [^\n]*)"),
    Pattern(Shows.TRUST, r"Enter to confirm", r"(?P<text>WARNING: [^\n]*Bypass Permissions mode)"),
    Pattern(Shows.TRUST, r"Enter to confirm", r"(?P<text>Is this a project you [^\n?]*\?)"),
    Pattern(Shows.TRUST, r"Enter to confirm", r"─\n+\s*(?P<text>\S[^\n]*)"),
    Pattern(Shows.QUESTION, r"Enter to select · ", r"☐ [^\n]*\n+\s*(?P<text>\S[^\n]*)"),
    Pattern(Shows.QUESTION, r"Enter to select · "),
    Pattern(Shows.PERMISSION, r"Esc to cancel", r"(?P<text>Do you want to [^\n?]*\?)"),
    Pattern(Shows.LIMIT, r"limit resets ", r"(?P<text>You've hit your [^\n]*)"),
    Pattern(Shows.RETRYING, r"esc to interrupt",
            r"\n\S (?P<text>[^\n]*) · retrying in \d+s · attempt \d+/\d+"),
    Pattern(Shows.WORKING, r"esc to interrupt"),
    Pattern(Shows.ERROR, r"", r"(?P<text>Unable to connect to Anthropic services\s+[^\n]*)"),
    Pattern(Shows.LOGIN, r"\n❯", rf"{_SAYS}(?P<text>Not logged in[^\n]*){_LAST}"),
    Pattern(Shows.LIMIT, r"\n❯", rf"{_SAYS}(?P<text>You've hit your [^\n]*){_LAST}"),
    Pattern(Shows.ERROR, r"\n❯", rf"{_SAYS}(?P<text>{_ERRORS}[^\n]*){_LAST}"),
    Pattern(Shows.IDLE, r"─\n❯[^\n]*\n─+"),
    # A text of several lines stands in its box.
    Pattern(Shows.IDLE, r"\n─+\n", r"─\n❯[^\n]*\n(?:(?:  [^\n]*)?\n)*─+\n(?![\s\S]*─)"),
)  # fmt: skip
_LATER = r"(?![\s\S]*\n[■•] )"
"""Nothing was said or done since."""
CODEX = (  # codex-cli 0.169.0
    Pattern(Shows.TRUST, r"enter confirm", r"\n\s*(?P<text>Hooks need review)\n"),
    Pattern(Shows.PERMISSION, r"Press enter to confirm or esc",
            r"\n\s*(?P<text>Would you like to [^\n]*\?)\n"),
    Pattern(Shows.LOGIN, r"", r"\n\W*(?:1\. )?(?P<text>Sign in with ChatGPT)\n"),
    Pattern(Shows.WORKING, r"\n\W*Working \([^\n]*esc to interrupt\)"),
    Pattern(Shows.IDLE, r"", rf"\n■ (?P<text>Conversation interrupted){_LATER}"),
    # The rest of its paragraph; nothing but a break of the line tells where a word was broken.
    Pattern(Shows.ERROR, r"", rf"\n■ (?P<text>(?:[^\n]|\n(?!\n))*){_LATER}"),
    Pattern(Shows.IDLE, r"\n› [^\n]*\n"),
)  # fmt: skip
QWEN = (  # Qwen Code 0.24.4
    Pattern(Shows.PERMISSION, r"Waiting for user confirmation",
            r"\n\s*(?P<text>(?:Allow|Apply|Do you want) [^\n]*\?)\n"),
    Pattern(Shows.WORKING, r"", r"\n  [^\n]*· esc to cancel\)\n"),
    Pattern(Shows.ERROR, r"\n> ", r"\n\s*✕ (?P<text>\[API Error: [^\n]*)(?![\s\S]*\n  > )"),
    Pattern(Shows.IDLE, r"─\n>[^\n]*\n─+"),
)  # fmt: skip
_SINCE = r"(?![\s\S]*\n(?:✦| > (?!  Type)))"
GEMINI = (  # Gemini CLI 0.61.0
    Pattern(Shows.LOGIN, r"", r"(?P<text>How would you like to authenticate[^\n]*\?)"),
    Pattern(Shows.TRUST, r"", r"(?P<text>Do you trust [^\n]*\?)"),
    Pattern(Shows.PERMISSION, r"",
            r"│ (?P<text>(?:Allow|Apply|Do you want) [^\n?]*\?)[\s\S]*\(esc\)"),
    Pattern(Shows.WORKING, r"", r"\n \S [^\n]*\(esc to cancel, "),
    Pattern(Shows.ERROR, r"", rf"\n✕ (?P<text>\[API Error: (?:[^\n]|\n(?=  ))*){_SINCE}"),
    Pattern(Shows.IDLE, r"", rf"\nℹ (?P<text>Request cancelled){_SINCE}"),
    Pattern(Shows.IDLE, r"", r"\n >   Type your message"),
)  # fmt: skip
OPENCODE = (  # opencode 1.18.33
    Pattern(Shows.PERMISSION, r"enter confirm", r"△ (?P<text>Permission required)"),
    Pattern(Shows.WORKING, r"esc (?:again to )?interrupt"),
    Pattern(Shows.IDLE, r"ctrl\+p commands"),
)  # fmt: skip
FAMILIES: Mapping[str, Sequence[Pattern]] = {
    "claude": CLAUDE,
    "codex": CODEX,
    "gemini": GEMINI,
    "opencode": OPENCODE,
    "qwen": QWEN,
}


def classify(family: str, screen: str) -> Seen | None:
    """What a screen shows; None where the family, or its picture, is not known.

    Args:
        family: Whose; its patterns are tried in their order, and the first that fits counts.
        screen: Its lines, without escapes.
    """
    lines = screen.splitlines()
    shown = [index for index, each in enumerate(lines) if each.strip()][-BOTTOM:]
    bottom = lines[shown[0] :] if shown else []
    foot = "\n".join(["", *(lines[index] for index in shown[-FOOT:]), ""])
    body = "\n".join(["", *bottom, ""])
    for pattern in FAMILIES.get(family, ()):
        found = re.search(pattern.body, body)
        if found and re.search(pattern.foot, foot):
            text = found.groupdict().get("text") or ""
            return Seen(pattern.shows, " ".join(text.split())[:_TEXT], _options(bottom))
    return None


def _options(lines: Sequence[str]) -> Mapping[str, str]:
    """The numbered choices of the last list: they begin with 1 and count on."""
    found: dict[str, str] = {}
    for line in lines:
        option = _OPTION.match(line)
        if option and option[1] == "1":
            found = {}
        if option and option[1] == str(len(found) + 1):
            found[option[1]] = option[2]
    return found
