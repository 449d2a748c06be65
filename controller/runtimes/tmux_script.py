"""What `source-file` is given to read: one line for each session to start or to remove."""

import re
from collections.abc import Iterable, Sequence

from controller.core.observed import Session
from controller.runtimes.base import StartRequest
from controller.runtimes.tmux_listing import IDENTITY, PANES, WHO, split_id
from controller.runtimes.tmux_mark import MARK, mark_condition, render_mark

_COPY = (
    'cat >>"$log" 2>/dev/null||while read -r _;do { printf '
    r"'\n[output is missing here: it could not be written]\n'"
    '&&cat;} >>"$log" 2>/dev/null&&break;done'
)
"""Copies to the end of the file `$log`. On a full disk `cat` ends, and tmux would copy no more: so
what comes is dropped, a line at a time, until the file takes a word about that."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def quote(word: str) -> str:
    """A word that means itself to tmux's parser, and to a POSIX shell.

    Raises:
        ValueError: It holds control characters, which no line can.
    """
    if _CONTROL.search(word):
        raise ValueError(f"control characters cannot be passed to tmux: {word!r}")
    return _quoted(word)


def append_command(path: str) -> str:
    """The shell command for `pipe-pane` that appends its input to a file, also after a full disk.

    tmux expands formats and strftime in it before the shell reads it, and leaves `##[` as it
    is: so each `#` is doubled and parted from what follows by quotes that close and open.
    """
    word = quote(path).replace("%", "%%").replace("#", "##''")
    return f"log={word};{_COPY}"


def shell_word(word: str) -> str:
    """A word for the shell of `run-shell`, which expands formats first; see `append_command`."""
    return quote(word).replace("#", "##''")


def session_target(name: str) -> str:
    """The session of just that name, for a command of its own; not in a script.

    A person may have named it anything: a semicolon at the end would end the command.
    """
    return f"={name[:-1]}\\;" if name.endswith(";") else f"={name}"


def start_line(owner: str, shim: Sequence[str], request: StartRequest) -> str:
    """The line that starts one session.

    It is one line, because tmux leaves out the rest of a line whose command failed: the mark
    never lands on a foreign session of the same name. All of it runs before tmux looks at the
    pane again, so that neither the first output nor a quick exit is missed.
    """
    name, target = quote(request.name), quote(f"={request.name}:")
    mark = quote(render_mark(owner, request.run))
    argv = " ".join(quote(word) for word in (*shim, str(request.folder)))
    commands = [
        f"new-session -d -E -x 200 -y 50 -s {name} -n agent -- {argv}",
        f"set-option -p -t {target} {MARK} {mark}",
        # Ours alone: a pane that the user opens closes with its shell, as everywhere.
        f"set-option -p -t {target} remain-on-exit on",
    ]
    if request.pipe_output:
        pipe = append_command(str(request.folder / "output.log"))
        commands.append(f"pipe-pane -o -t {target} {quote(pipe)}")
    return " ; ".join(commands)


def start_script(owner: str, shim: Sequence[str], requests: Iterable[StartRequest]) -> str:
    """The sessions, then a listing: the exit code of `source-file` proves nothing."""
    lines = [start_line(owner, shim, request) for request in requests]
    lines += [" ".join(map(_quoted, command)) for command in (WHO, PANES)]
    return "\n".join(lines) + "\n"


def remove_script(owner: str, sessions: Iterable[Session]) -> str:
    """Remove each pane that is still on the same server and carries the same mark."""
    return "".join(f"{_remove_line(owner, session)}\n" for session in sessions)


def _remove_line(owner: str, session: Session) -> str:
    pane, server = split_id(session.id)
    same_server = f"#{{==:{IDENTITY},{server}}}"
    condition = f"#{{&&:{same_server},{mark_condition(owner, session.run)}}}"
    return f"if-shell -F -t {quote(pane)} {quote(condition)} {quote(f'kill-pane -t {pane}')}"


def _quoted(word: str) -> str:
    return "'" + word.replace("'", r"'\''") + "'"
