"""A file of secrets that lies where the session runs, and that the controller never sees."""

import posix

from controller.shim.faults import RunError, shown

_LIMIT = 262_144
"""Bytes; more than the kernel takes for one variable, and no file of secrets."""
_REGULAR = 0o100000
_KIND = 0o170000


def read_secrets(path: bytes) -> dict[bytes, bytes]:
    """Read a file of lines `NAME=VALUE`, as `docker run --env-file` takes it.

    The value is all behind the first `=`, as it is: nothing is unquoted or expanded. Empty lines
    and those that begin with `#` do not count. Messages never quote a line.

    Args:
        path: Where it is, absolute.

    Returns:
        Variable → value.

    Raises:
        RunError: `SecretsUnreadable` or `SecretsInvalid`.
    """
    variables = {}
    for number, line in enumerate(_read(path).split(b"\n"), 1):
        line = line.removesuffix(b"\r")
        if not line.strip() or line.startswith(b"#"):
            continue
        name, equals, value = line.partition(b"=")
        if not equals or not name.replace(b"_", b"a").isalnum() or b"\0" in value:
            raise RunError(
                "SecretsInvalid",
                f"Line {number} of the secrets file {shown(path)} is no NAME=VALUE.",
            )
        variables[name] = value
    return variables


def _read(path: bytes) -> bytes:
    try:
        # Not blocking: a pipe that nobody writes to would never answer.
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    try:
        status = posix.fstat(fd)
        if status.st_mode & _KIND != _REGULAR or status.st_size > _LIMIT:
            raise _unreadable(path, "it is no plain file, or too long")
        return posix.read(fd, _LIMIT)
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    finally:
        posix.close(fd)


def _unreadable(path: bytes, why: str | None) -> RunError:
    return RunError(
        "SecretsUnreadable",
        f"The secrets file {shown(path)} cannot be read: {why}. It must be where the session "
        "runs, and belong to who runs it; see the agent's secrets_file in config.yaml.",
    )
