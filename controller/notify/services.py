"""Services: what Apprise makes of an address, and one message sent to it.

Apprise takes a second to load and 30 MB: it is imported where a first address is used, and by
nobody else.
"""

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol, cast

from controller.core.errors import TerminalError
from controller.core.faults import shorten
from controller.core.standing import Kind
from controller.notify.addresses import Address, secrets_of
from controller.redaction import Redactor

LIST = "https://appriseit.com/services/"
"""Where every service and its addresses are explained."""
_WHY_SHOWN = 200
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+|localhost|\[[0-9a-f:.]+\]", re.IGNORECASE)
_TYPES: Mapping[Kind, str] = MappingProxyType({
    Kind.PRUNE_BLOCKED: "warning", Kind.HOLD: "warning", Kind.BLOCKED: "failure",
    Kind.WAITING: "info", Kind.COMPLETED: "success",
})  # fmt: skip
"""Apprise's words: services colour a message by them."""


class AddressInvalid(TerminalError):
    """Apprise knows no such service, or the address is not of its form."""


class Plugin(Protocol):
    """One of Apprise's services for one address.

    Attributes:
        templates: The forms of its addresses, as `{schema}://{host}/{topic}`.
    """

    templates: tuple[str, ...]

    def notify(self, *, body: str, title: str, notify_type: str, body_format: str) -> bool:
        """Send a message; whether it arrived."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """An address that can be sent to.

    Attributes:
        address: It.
        shown: The service and its host, where it has one: no secret.
        send: Sends kind, title and body; returns why it did not arrive, empty where it did. It
            takes as long as the service does, and raises nothing.
    """

    address: Address
    shown: str
    send: Callable[[Kind | None, str, str], str]


def service_of(address: Address) -> Service:
    """What Apprise makes of an address.

    Raises:
        AddressInvalid: It makes nothing of it; the message does not tell the address.
    """
    make, forms_of = _apprise()
    with _heard():
        plugin = make(address.url)
    if plugin is None:
        raise AddressInvalid("AddressInvalid", f"{address.place}: {_wrong(address, forms_of)}")
    redact = Redactor(part.encode() for part in secrets_of(address.url))
    shown = _shown(address, plugin.templates)
    return Service(address, shown, lambda *message: _send(plugin, redact, *message))


def services_of(addresses: Iterable[Address]) -> tuple[list[Service], list[str]]:
    """What Apprise makes of all addresses, and what is wrong with the others."""
    services: list[Service] = []
    faults: list[str] = []
    for address in addresses:
        try:
            services.append(service_of(address))
        except AddressInvalid as error:
            faults.append(error.message)
    return services, faults


def send_all(services: Sequence[Service], title: str, body: str, seconds: float) -> list[str]:
    """Send a message to all at once, and wait for what becomes of it.

    Args:
        services: To whom.
        title: Plain text.
        body: Plain text.
        seconds: How long at most.

    Returns:
        For each in its order why it did not arrive, empty where it did.
    """
    said = [f"no end within {seconds:g} s"] * len(services)

    def send(index: int) -> None:
        said[index] = services[index].send(None, title, body)

    threads = [
        threading.Thread(target=send, args=(index,), daemon=True) for index in range(len(services))
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(said)


def _send(plugin: Plugin, redact: Redactor, kind: Kind | None, title: str, body: str) -> str:
    notify_type = _TYPES[kind] if kind else "info"
    with _heard() as said:
        try:
            arrived = plugin.notify(
                title=title, body=body, notify_type=notify_type, body_format="text"
            )
        except Exception as error:  # noqa: BLE001 - a hundred services' code; it must end no thread
            return shorten(redact.text(f"{type(error).__name__}: {error}"), _WHY_SHOWN)
    if arrived:
        return ""
    why = said[-1] if said else "the service did not take it"
    return shorten(redact.text(" ".join(why.split())), _WHY_SHOWN)


def _wrong(address: Address, forms_of: Callable[[str], tuple[str, ...]]) -> str:
    """Why an address is none, in words that do not tell it."""
    name = shorten(address.service, 20)
    if "://" not in address.url:
        return f"is no address: it begins with a service and ://; see {LIST}"
    if forms := forms_of(name):
        return f"is not of {name}'s form, as {forms[0].replace('{schema}', name)}; see {LIST}"
    return f"Apprise knows no service {name!r}; see {LIST}"


def _shown(address: Address, forms: tuple[str, ...]) -> str:
    """The service, and the host where the address has one and no token in its place."""
    host = address.url.partition("://")[2].partition("/")[0].partition("?")[0]
    host = host.rpartition("@")[2]
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    known = any("{host}" in form for form in forms) and _HOST.fullmatch(name)
    return f"{address.service}://{name if known else '…'}"


@cache
def _apprise() -> tuple[Callable[[str], Plugin | None], Callable[[str], tuple[str, ...]]]:
    """What makes a service of an address, and what tells the forms of a service's addresses."""
    import apprise
    from apprise.plugins import N_MGR

    logger = logging.getLogger("apprise")
    # Its warnings are heard by whoever sends; what it debugs has the addresses.
    logger.propagate, logger.level = False, logging.WARNING
    logger.addHandler(_Ear())
    asset = apprise.AppriseAsset(
        app_id="CTO Sidekick", app_desc="CTO Sidekick", app_url="",
        storage_mode="memory", allow_templates=False, interpret_emojis=False,
        pgp_autogen=False, pem_autogen=False,
    )  # fmt: skip

    def make(url: str) -> Plugin | None:
        return cast("Plugin | None", apprise.Apprise.instantiate(url, asset=asset))

    def forms_of(name: str) -> tuple[str, ...]:
        return tuple(map(str, N_MGR[name].templates)) if name in N_MGR else ()

    return make, forms_of


class _Ear(logging.Handler):
    """Keeps what Apprise says of the message that a thread sends."""

    said = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, where the thread listens."""
        lines: deque[str] | None = getattr(self.said, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())


class _heard:  # noqa: N801 - used as a word
    """The last lines that Apprise says in this thread meanwhile."""

    def __enter__(self) -> deque[str]:
        _Ear.said.lines = deque(maxlen=5)
        lines: deque[str] = _Ear.said.lines
        return lines

    def __exit__(self, *_: object) -> None:
        _Ear.said.lines = None
