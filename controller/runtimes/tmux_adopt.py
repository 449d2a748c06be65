"""Adoption: a session that a person made on the same server becomes the session of a run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.core.errors import NotFound
from controller.core.faults import shorten
from controller.runtimes.base import StartRequest, UnmarkedSession
from controller.runtimes.tmux_listing import IDENTITY, PANES, WHO
from controller.runtimes.tmux_lost import watch
from controller.runtimes.tmux_mark import MARK, mark_condition, parse_mark, render_mark
from controller.runtimes.tmux_row import SEPARATOR, unescape_row
from controller.runtimes.tmux_script import append_command, quote

_COLUMNS = ("#{session_id}", "#{pane_id}", "#{pane_pid}", "#{pane_dead}", "#{session_name}")
ALL_PANES = ("list-panes", "-a", "-F", SEPARATOR.join((*_COLUMNS, f"#{{{MARK}}}")))
"""Every pane of the server, marked or not."""

WORDS_BYTES = 4096
"""So much of a command line is read: enough to know a program by."""

_HANDLE = re.compile(r"(\$\d+)(%\d+)@(\d+\.\d+)")
_NAMES_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Pane:
    """One pane of any session.

    Attributes:
        session: tmux's id of the session.
        id: tmux's id of the pane.
        pid: The process in it.
        dead: That process has ended.
        name: The session's name.
        mark: Whatever stands in our option.
    """

    session: str
    id: str
    pid: int
    dead: bool
    name: str
    mark: str


def parse_panes(lines: Sequence[str]) -> list[Pane]:
    """The panes of a listing by `ALL_PANES`; a row that is none is passed over."""
    panes = []
    for line in lines:
        fields = unescape_row(line).split(SEPARATOR, len(_COLUMNS))
        if len(fields) == len(_COLUMNS) + 1 and fields[2].isdecimal():
            session, pane, pid, dead, name, mark = fields
            panes.append(Pane(session, pane, int(pid), dead == "1", name, mark))
    return panes


def find_pane(name: str, panes: Sequence[Pane], owner: str, make: str) -> Pane:
    """The one pane of a session that nobody has marked.

    Args:
        name: The session's name as a person writes it.
        panes: Every pane of the server.
        owner: The word in our own marks.
        make: The command that makes a session where it can be adopted.

    Raises:
        NotFound: As `Runtime.unmarked` says.
    """
    # tmux itself writes these so, when a session is made.
    spelled = name.replace(".", "_").replace(":", "_")
    for wanted in (name, spelled):
        found = [pane for pane in panes if pane.name == wanted]
        if found:
            break
    else:
        names = shorten(", ".join(dict.fromkeys(pane.name for pane in panes)), _NAMES_LENGTH)
        raise NotFound(
            "SessionMissing",
            f"There is no session {name!r} on the controller's tmux server (there are: "
            f"{names or 'none'}). One of another server cannot be adopted; make it there: {make}",
        )
    for pane in found:
        if pane.mark:
            raise _marked(pane, owner)
    if len(found) > 1:
        ids = ", ".join(pane.id for pane in found)
        raise NotFound(
            "SeveralPanes",
            f"The session {name} has {len(found)} panes ({ids}): close all but the one that "
            "is to be adopted, or move that one into a session of its own.",
        )
    if found[0].dead:
        raise NotFound("SessionEnded", f"What ran in the session {name} has ended.")
    return found[0]


def _marked(pane: Pane, owner: str) -> NotFound:
    try:
        theirs, run = parse_mark(pane.mark)
    except ValueError:
        return NotFound(
            "SessionForeign",
            f"The session {pane.name} carries a mark that no controller writes; take it off with: "
            f"tmux set-option -pu -t {pane.id} {MARK}",
        )
    if theirs == owner:
        return NotFound(
            "SessionOurs", f"The session {pane.name} is a project's already: of the run {run}."
        )
    return NotFound(
        "SessionForeign", f"The session {pane.name} belongs to another controller ({theirs})."
    )


def handle(pane: Pane, server: str) -> str:
    """The id of an unmarked session."""
    return f"{pane.session}{pane.id}@{server}"


def pane_of(session_id: str) -> str:
    """The id that the session has once it is marked."""
    _, pane, server = _split(session_id)
    return f"{pane}@{server}"


def read_words(pid: int) -> tuple[str, ...]:
    """A process's command line; without one, as a kernel shows it, a question mark."""
    try:
        with Path(f"/proc/{pid}/cmdline").open("rb") as file:
            text = file.read(WORDS_BYTES).decode("utf-8", "replace")
    except OSError:
        text = ""
    words = text.rstrip("\0").split("\0")
    return tuple(words) if words[0] else ("?", *words[1:])


def adopt_script(
    owner: str,
    shim: Sequence[str],
    session: UnmarkedSession,
    request: StartRequest,
    *,
    watched: bool,
) -> str:
    """Mark the pane if it is still the same, then list: the exit code proves nothing.

    The name comes first, for where it is taken tmux leaves out all that follows.

    Raises:
        ValueError: The session's id is none of ours.
    """
    number, pane, server = _split(session.id)
    same = _all(
        f"#{{==:{IDENTITY},{server}}}",
        f"#{{==:#{{pane_pid}},{session.pid}}}",
        "#{?pane_dead,0,1}",
        f"#{{==:#{{{MARK}}},}}",
    )
    commands = [
        f"rename-session -t {quote(number)} {quote(request.name)}",
        f"set-option -p -t {pane} {MARK} {quote(render_mark(owner, request.run))}",
        f"set-option -p -t {pane} remain-on-exit on",
        # A server that a person began has a line of its own for dead panes; tmux 3.2 knows no such.
        f"set-option -pq -t {pane} remain-on-exit-format ''",
    ]
    if not watched:
        commands.append(watch(shim, request.folder, session.pid))
    lines = [_if(pane, same, " ; ".join(commands))]
    if request.pipe_output:
        # Only where there is no pipe yet: a pane has one, and it may be the person's own.
        free = _all(_is_of(server, owner, request.run), "#{==:#{pane_pipe},0}")
        pipe = append_command(str(request.folder / "output.log"))
        lines.append(_if(pane, free, f"pipe-pane -t {pane} {quote(pipe)}"))
    lines += [" ".join(map(quote, WHO)), _listing()]
    return "\n".join(lines) + "\n"


def release_script(owner: str, session: UnmarkedSession, run: str) -> str:
    """Undo what `adopt_script` set, but for the name."""
    _, pane, server = _split(session.id)
    commands = (
        f"set-option -pu -t {pane} {MARK}",
        f"set-option -pu -t {pane} remain-on-exit",
        f"set-option -pqu -t {pane} remain-on-exit-format",
        f"pipe-pane -t {pane}",
    )
    return _if(pane, _is_of(server, owner, run), " ; ".join(commands)) + "\n"


def _is_of(server: str, owner: str, run: str) -> str:
    return _all(f"#{{==:{IDENTITY},{server}}}", mark_condition(owner, run))


def _listing() -> str:
    # Its separators are control characters, which `quote` refuses for what others choose.
    return " ".join(f"'{word}'" for word in PANES)


def _all(*conditions: str) -> str:
    """The tmux format that is true where all of them are."""
    *others, last = conditions
    for condition in reversed(others):
        last = f"#{{&&:{condition},{last}}}"
    return last


def _if(pane: str, condition: str, commands: str) -> str:
    return f"if-shell -F -t {quote(pane)} {quote(condition)} {quote(commands)}"


def _split(session_id: str) -> tuple[str, str, str]:
    match = _HANDLE.fullmatch(session_id)
    if match is None:
        raise ValueError(f"not an id of an unmarked tmux session: {session_id!r}")
    return match[1], match[2], match[3]
