"""Addresses of notifications, as Apprise has them: most of one is a secret."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from controller.core.digest import digest
from controller.core.errors import TerminalError
from controller.files import read_small

MOST = 50
"""Addresses in a file; more are a file of something else."""
_PLAIN = 16
"""Letters of one case alone are a word, not a key, below so many."""


class AddressesUnreadable(TerminalError):
    """The file of the addresses cannot be read."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go.

    Attributes:
        url: The address; a secret.
        place: Where it was set, for a person.
    """

    url: str = field(repr=False)
    place: str

    @property
    def digest(self) -> str:
        """What tells it from others, and does not tell it."""
        return digest(self.url)

    @property
    def service(self) -> str:
        """The word before `://`."""
        return self.url.partition("://")[0].casefold()


def read_addresses(path: Path) -> tuple[Address, ...]:
    """The addresses in a file: one a line; empty lines, and those that begin with #, are none.

    Raises:
        AddressesUnreadable: It cannot be read, or is no such file.
    """
    try:
        text = read_small(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not UTF-8") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(getattr(error, "strerror", None) or error)) from error
    found = tuple(
        Address(line.strip(), f"{path}:{number}")
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    )
    if len(found) > MOST:
        raise _unreadable(path, f"it has {len(found)} addresses, {MOST} at most are allowed")
    return found


def secrets_of(url: str) -> tuple[str, ...]:
    """What of an address must be told nowhere: the whole, and each part that may be a key.

    Which part is one only the service knows. Plain words (`/webhooks/`) are none: they would tear
    holes into every text.
    """
    return (url, *dict.fromkeys(part for part in _parts(url) if part))


def _parts(url: str) -> Iterator[str]:
    try:
        split = urlsplit(url)
    except ValueError:  # brackets that are no address; the whole is a secret still
        return
    user, at, host = split.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    if at:
        yield from _both(password if colon else name)
    pieces = [name, *host.split(":"), *split.path.split("/"), split.fragment]
    pieces += [pair.partition("=")[2] for pair in split.query.split("&")]
    for piece in pieces:
        yield from (form for form in _both(piece) if _may_be_a_key(form))


def _both(text: str) -> Iterable[str]:
    """The text as it stands there, and as it is meant."""
    return dict.fromkeys((text, unquote(text)))


def _may_be_a_key(text: str) -> bool:
    if "." in text.strip(".") and not any(char.isupper() for char in text):
        return False  # a host's or a file's name
    plain = text.isalpha() and (text.islower() or text.isupper() or text.istitle())
    return not plain or len(text) >= _PLAIN


def _unreadable(path: Path, why: str) -> AddressesUnreadable:
    text = f"{path}: {why}; see notifications.urls_file in config.yaml"
    return AddressesUnreadable("AddressesUnreadable", text)
