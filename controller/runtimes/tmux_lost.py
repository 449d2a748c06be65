"""Sessions of a run that lost its mark, and processes that lost who watched over them."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from controller.core.observed import Session
from controller.runtimes.tmux_listing import IDENTITY, split_id
from controller.runtimes.tmux_mark import MARK, mark_condition, parse_mark
from controller.runtimes.tmux_row import SEPARATOR, unescape_row
from controller.runtimes.tmux_script import quote, shell_word

_COLUMNS = ("#{pane_id}", "#{pane_start_command}", f"#{{{MARK}}}")
BEGUN_PANES = ("list-panes", "-a", "-F", SEPARATOR.join(_COLUMNS))
"""Every pane, with the command line that it was begun with, which no program in it can change."""


def clear_script(
    shim: Sequence[str], runs: Collection[str], server: str, rows: Iterable[str]
) -> str:
    """Remove the panes that were begun for runs and carry no mark any more; may be empty.

    Args:
        shim: The argv of every shim, without the run's folder.
        runs: The runs' ids, with which the command lines of their shims end.
        server: The server's identity.
        rows: Its answer to `BEGUN_PANES`.
    """
    lines = []
    for row in rows:
        pane, *words = unescape_row(row).split(SEPARATOR)
        # A person may look into a run's folder in a pane of their own.
        if len(words) != 2 or shim[-1] not in words[0] or _is_mark(words[1]):
            continue
        for run in filter(words[0].rstrip("'\"").endswith, runs):
            begun = f"#{{m:*{run}*,#{{pane_start_command}}}}"
            same = f"#{{&&:#{{==:{IDENTITY},{server}}},{begun}}}"
            lines.append(f"if-shell -F -t {quote(pane)} {quote(same)} 'kill-pane -t {pane}'")
    return "".join(f"{line}\n" for line in lines)


def watch_script(owner: str, shim: Sequence[str], session: Session, folder: Path) -> str:
    """Start a shim that watches over what runs in a session, if it is still the same."""
    pane, server = split_id(session.id)
    same = f"#{{&&:#{{==:{IDENTITY},{server}}},{mark_condition(owner, session.run)}}}"
    return f"if-shell -F -t {quote(pane)} {quote(same)} {quote(watch(shim, folder, session.pid))}\n"


def watch(shim: Sequence[str], folder: Path, pid: int) -> str:
    """The tmux command that starts a shim in the background to watch over a process."""
    words = (*shim, "--adopt", str(folder), str(pid))
    # Without a word and well: tmux would show either in somebody's pane.
    command = " ".join(map(shell_word, words)) + " >/dev/null 2>&1; :"
    return f"run-shell -b {quote(command)}"


def _is_mark(text: str) -> bool:
    try:
        parse_mark(text)
    except ValueError:
        return False
    return True
