"""What can go wrong before or beside the agent, and the words for it."""

import posix

from controller.shim.stdlib import Suppress


class RunError(Exception):
    """The run cannot be.

    Attributes:
        reason: CamelCase, one of those that `docs/run-folder.md` lists.
        message: What is wrong, where, and what to do, for a person.
        status: The exit status of the shim, after the shells: 127 nothing there, 126 nothing that
            can be executed, 125 (as docker has it) everything else.
    """

    def __init__(self, reason: str, message: str, status: int = 125) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status


def invalid(what: str) -> RunError:
    """Refuse what the controller wrote into the run's folder.

    Args:
        what: Which file or field, and what is wrong with it; never its value, which may be secret.

    Returns:
        A refusal with the reason `SpecInvalid`.
    """
    return RunError(
        "SpecInvalid",
        f"The run's specification cannot be used: {what}. "
        "The controller wrote it, so this is a defect: please report it.",
    )


def own_fault(error: BaseException) -> RunError:
    """Put a defect of the shim's own into one line.

    Args:
        error: What was raised.

    Returns:
        A refusal with the reason `ShimError`, whose message names the place.
    """
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    name = place.tb_frame.f_code.co_filename.rpartition("/")[2] if place else "?"
    line = place.tb_lineno if place else 0
    what = f"{type(error).__name__}: {error}"[:200]
    return RunError(
        "ShimError",
        f"The process that watches over the agent failed ({what}; {name}:{line}). "
        "This is a defect: please report it.",
    )


def say(message: str) -> None:
    """Show a message in the pane.

    Args:
        message: For a person.
    """
    with Suppress(OSError):
        posix.write(2, f"sidekick: {message}\n".encode("utf-8", "replace"))


def shown(path: bytes) -> str:
    """Make a path fit for a message.

    Args:
        path: Any bytes.

    Returns:
        A text without control characters, at most 300 characters long.
    """
    text = path.decode("utf-8", "replace")
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= 300 else f"{text[:300]}…"
