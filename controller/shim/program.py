"""Looks before the fork whether there is what the specification names, and says what is not."""

import posix

from controller.shim.faults import RunError, shown
from controller.shim.stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PATH = b"/bin:/usr/bin"

_KINDS, _FILE, _FOLDER = 0o170000, 0o100000, 0o040000  # S_IFMT, S_IFREG, S_IFDIR


def open_folder(path: bytes) -> int:
    """Open the folder that the agent shall work in.

    Args:
        path: Its absolute path.

    Returns:
        A descriptor that fchdir(2) takes.

    Raises:
        RunError: `FolderMissing`.
    """
    name = shown(path)
    try:
        fd = posix.open(path, posix.O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC)
    except FileNotFoundError:
        raise _no_folder(f"The folder {name} does not exist. Create it.") from None
    except NotADirectoryError:
        raise _no_folder(f"{name} is no folder, or part of its path is none.") from None
    except OSError as error:
        raise _no_folder(f"The folder {name} cannot be opened: {error.strerror}.") from None
    if not posix.access(path, posix.X_OK):
        posix.close(fd)
        raise _no_folder(
            f"The folder {name} may not be entered by this user. Run: chmod u+x {name}"
        )
    return fd


def find_program(name: bytes, folder: bytes, environment: "Mapping[bytes, bytes]") -> bytes:
    """Find the agent's program as execvp(3) would, on the agent's own PATH.

    Args:
        name: The first argument; with a slash it is a path, relative to the folder.
        folder: The folder that the agent works in.
        environment: The agent's environment.

    Returns:
        The absolute path.

    Raises:
        RunError: `ProgramMissing` or `ProgramNotExecutable`.
    """
    if b"/" in name:
        places = [_from(folder, name)]
        where = f"There is no program {shown(places[0])}."
    else:
        path = environment.get(b"PATH") or _DEFAULT_PATH
        places = [_from(folder, part + b"/" + name if part else name) for part in path.split(b":")]
        where = f"The program {shown(name)} is not on the agent's PATH ({shown(path)})."
    found = None
    for place in places:
        kind = _kind(place)
        if kind == _FILE:
            if posix.access(place, posix.X_OK):
                return place
            found = found or place
        elif b"/" in name and kind == _FOLDER:
            raise RunError("ProgramNotExecutable", f"{shown(place)} is a folder, no program.", 126)
    if found is not None:
        message = f"{shown(found)} is not executable. Run: chmod +x {shown(found)}"
        raise RunError("ProgramNotExecutable", message, 126)
    raise RunError("ProgramMissing", f"{where} Install it, or name it by its full path.", 127)


def exec_refusal(program: bytes, error: OSError) -> RunError:
    """Put into words why the kernel would not execute a program that is there.

    Args:
        program: Its absolute path.
        error: What execve(2) or fork(2) said.

    Returns:
        A refusal with the reason `ExecFailed`.
    """
    import errno

    causes = {
        errno.ENOEXEC: "it is neither a binary of this machine nor a script with a #! line",
        errno.ENOENT: "the interpreter that it names in its #! line does not exist",
        errno.E2BIG: "its arguments or its environment are too long; "
        "pass the prompt as a file or by standard input",
        errno.EAGAIN: "this user runs too many processes",
    }
    cause = causes.get(error.errno or 0) or posix.strerror(error.errno or 0)
    return RunError("ExecFailed", f"{shown(program)} could not be executed: {cause}.", 126)


def _from(folder: bytes, path: bytes) -> bytes:
    return path if path.startswith(b"/") else folder + b"/" + path


def _kind(path: bytes) -> int:
    try:
        return posix.stat(path).st_mode & _KINDS
    except OSError:
        return 0


def _no_folder(message: str) -> RunError:
    return RunError("FolderMissing", message)
