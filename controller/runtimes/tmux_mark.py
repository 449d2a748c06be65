"""The mark that makes a pane ours: one line of JSON in an option of the pane."""

import json
import re

from controller.runtimes.base import RUN_ID

MARK = "@sidekick"
"""The option's name. It is set at pane scope, so that a split of the user's has none."""

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@/:+-]{0,199}")


def check_owner(owner: str) -> str:
    """Let only owners pass that mean themselves in a mark, a format and a pattern.

    Raises:
        ValueError: The owner has other characters.
    """
    if not _OWNER.fullmatch(owner):
        raise ValueError(f"not an owner's name: {owner!r}")
    return owner


def render_mark(owner: str, run: str) -> str:
    """The mark of a run."""
    return json.dumps({"owner": owner, "run": run}, separators=(",", ":"))


def mark_condition(owner: str, run: str) -> str:
    """The tmux format that is true where a pane carries the mark of that run.

    It asks for both words and not for the whole mark, so that a later version may add to it.
    """
    has_owner, has_run = (f'#{{m:*"{word}"*,#{{{MARK}}}}}' for word in (owner, run))
    return f"#{{&&:{has_owner},{has_run}}}"


def parse_mark(mark: str) -> tuple[str, str]:
    """The owner and the run that a mark names.

    Raises:
        ValueError: It is no mark that a controller would write.
    """
    try:
        words = json.loads(mark)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(words, dict):
        raise ValueError("no object")
    owner, run = words.get("owner"), words.get("run")
    if not isinstance(owner, str) or not isinstance(run, str) or not RUN_ID.fullmatch(run):
        raise ValueError("no owner or no run")
    return owner, run
