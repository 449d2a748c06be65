"""Why a session was not started, and what a person can do about it."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from controller.core.errors import NotFound
from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux_listing import Listing
from controller.runtimes.tmux_script import session_target


def not_started(name: str, stderr: Sequence[str], taken: str) -> RuntimeFault:
    """The refusal of one session, from what tmux said of all.

    Args:
        name: The session's name.
        stderr: What tmux said.
        taken: What to say where another session has the name; see `name_taken`.
    """
    if f"duplicate session: {name}" in stderr:
        return RuntimeFault("SessionNameTaken", taken)
    said = [line for line in stderr if not line.startswith("duplicate session: ")]
    return RuntimeFault(
        "StartFailed",
        f"tmux did not start the session {name}: {'; '.join(said) or 'it gave no reason'}.",
    )


def name_taken(name: str, owner: str, listing: Listing, tmux: Sequence[str]) -> str:
    """Whose session has a name that another was to have, and what to do.

    Args:
        name: The name.
        owner: The word in our own marks.
        listing: Every marked pane.
        tmux: How a person calls tmux for this server.
    """
    panes = [pane for pane in listing.panes if pane.session.name == name]
    if not panes:
        holder = "was not started by CTO Sidekick, or holds a pane that somebody opened in it"
    elif panes[0].owner == owner:
        holder = f"still holds the run {panes[0].session.run}"
    else:
        holder = f"belongs to another controller ({panes[0].owner})"
    end = shlex.join((*tmux, "kill-session", "-t", session_target(name)))
    return (
        f"There is a session {name} already, and it {holder}. Look into it, then end it with: {end}"
    )


def no_room(limit: int) -> RuntimeFault:
    """The refusal where the server may open no more files."""
    return RuntimeFault(
        "TooManyOpenFiles",
        f"The tmux server may open {limit} files, too few for one session more: end some sessions, "
        "or raise the limit (ulimit -n) and start the server anew.",
    )


def server_missing(socket: Path) -> RuntimeFault:
    """The refusal where the server that somebody else runs is not there."""
    return RuntimeFault(
        "ServerMissing",
        f"No tmux server listens on {socket}, and it is run elsewhere (tmux.server: external): "
        "start it (in compose: docker compose up -d agents).",
    )


def not_adoptable() -> NotFound:
    """The refusal to adopt a session whose process cannot be seen."""
    return NotFound(
        "AdoptExternal",
        "Sessions cannot be adopted where the tmux server is run elsewhere (tmux.server: "
        "external): its processes cannot be seen from here.",
    )
