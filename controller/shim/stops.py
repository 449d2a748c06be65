"""The request to end: the file `stop` in the run's folder."""

from controller.shim.folder import RunFolder
from controller.shim.spec import number_in
from controller.shim.stdlib import dumps, loads

NAME = "stop"
_MOST = 65_536
"""Bytes of a request; with more of it the record of the end would be longer than anybody reads."""
_LEVELS = 50


class Stop:
    """A request to end.

    Attributes:
        content: The request as it was written.
        grace: Seconds between TERM and KILL, None where the specification's hold.
    """

    __slots__ = ("content", "grace")

    def __init__(self, content: dict[str, object]) -> None:
        self.content = content
        self.grace = number_in(content.get("grace"), 0.0)


def find_stop(folder: RunFolder) -> Stop | None:
    """Look for the request. Its existence is what counts, so one that cannot be read stops too.

    Args:
        folder: The run's folder.

    Returns:
        The request, or None where there is none.
    """
    if not folder.exists(NAME):
        return None
    try:
        content = loads(folder.read(NAME, most=_MOST).decode())
        if isinstance(content, dict) and _fits(content):
            return Stop(content)
    except (OSError, ValueError):
        pass
    # A person with `touch stop`, most likely.
    message = "The file `stop` is there, though it holds no JSON object."
    return Stop({"by": "user", "reason": "StopUnreadable", "message": message})


def _fits(content: dict[str, object]) -> bool:
    """Whether it can be written into the record, where it stands some levels deeper."""
    value: object = content
    for _ in range(_LEVELS):
        value = [value]
    try:
        dumps({"stop": value})
    except (ValueError, RecursionError):
        return False
    return True
