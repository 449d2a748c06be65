"""What the one controller of a state folder, and of a list, holds."""

from pathlib import Path

from controller.core.digest import digest
from controller.layout import LOCK
from controller.locks import Lock
from controller.runtimes.socket_path import default_socket


def build_locks(state: Path, watched: Path | None, name: str) -> tuple[tuple[Lock, str], ...]:
    """What the one controller of a state folder, and of a list, holds; each with what it guards.

    Args:
        state: The state folder.
        watched: The list's file; None where it is none.
        name: The list, for messages.
    """
    own = Lock(state / LOCK), f"the state in {state}"
    if watched is None:
        return (own,)
    file = watched.resolve()
    # In a folder that is mounted read-only, the list can still be read and acted upon.
    place = f"list-{digest(str(file))}"
    lock = Lock(
        file.with_name(f".{file.name}.lock"), lambda: default_socket(place).with_suffix(".lock")
    )
    return (own, (lock, f"the list {name}"))
