"""The token: what a request must show that changes anything."""

import logging
import os
import re
import secrets
from pathlib import Path

from controller.core.errors import TerminalError
from controller.files import MODE, make_folder, tighten

log = logging.getLogger(__name__)

BYTES = 32
"""Random bytes of a new token, twice what the standard library thinks enough."""
_FORM = re.compile(r"[A-Za-z0-9._~+/-]{32,512}=*")
"""What fits into the header as it is (RFC 6750: b68token), and is no mere word."""


class TokenUnavailable(TerminalError):
    """The token cannot be read or made."""


def read_token(path: Path) -> str:
    """The token in a file; a new one where there is none yet.

    The file is for its owner alone; one that others may read is tightened.

    Raises:
        TokenUnavailable: The file cannot be read or made, or holds no token.
    """
    try:
        text = _read(path)
        if text is None:
            text = _make(path)
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        where = f"{path}: {error.strerror}"
        text = f"{where}; the controller must be able to read and write its token there"
        raise TokenUnavailable("TokenUnavailable", text) from error
    if not _FORM.fullmatch(text):
        text = f"{path} holds no token (32 to 512 letters, digits, - . _ ~ + /)"
        raise TokenUnavailable("TokenInvalid", f"{text}; delete it, and a new one is made")
    return text


def keep_token(path: Path, token: str) -> None:
    """Write the token that is in use again, where its file was taken away.

    Raises:
        TokenUnavailable: It cannot be written.
    """
    if path.exists():
        return
    try:
        _write(path, token)
    except OSError as error:
        raise TokenUnavailable("TokenUnavailable", f"{path}: {error.strerror}") from error


def _read(path: Path) -> str | None:
    """The file's text, None where there is no file.

    Raises:
        OSError: It cannot be read or tightened.
        UnicodeDecodeError: It is no ASCII.
    """
    try:
        file = path.open(encoding="ascii")
    except FileNotFoundError:
        return None
    with file:
        if tighten(file.fileno()):
            log.warning("others could read %s; delete it if they did, and a new one is made", path)
        return file.read(4096).strip()


def _make(path: Path) -> str:
    """A new token, in a file that is never there half-written.

    Raises:
        OSError: It cannot be written.
    """
    text = secrets.token_urlsafe(BYTES)
    _write(path, text)
    return text


def _write(path: Path, text: str) -> None:
    """Write the file whole.

    Raises:
        OSError: It cannot be written.
    """
    make_folder(path.parent)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
