"""`notify`: whether notifications arrive; and what `validate` and `doctor` say of them."""

import argparse
import os
import socket
from collections.abc import Iterator

from controller.cli import exits
from controller.cli.columns import age
from controller.cli.context import controller_of, settings_of
from controller.cli.exposure import Finding
from controller.cli.terminal import command
from controller.layout import DATABASE, clock
from controller.notify.dispatcher import HARD_SECONDS
from controller.notify.services import Service, send_all, services_of
from controller.parts.notifications import build_mailing, every_address
from controller.printable import clean
from controller.settings import Settings
from controller.settings.notifications import URLS_VARIABLE
from controller.store import read_report

_HOW = f"set notifications.urls_file, or {URLS_VARIABLE} (docs/notifications.md)"


def notify(options: argparse.Namespace) -> int:
    """Send a message to every address; 0 all have it, 1 one has not, or there is none."""
    settings = settings_of(options)
    services, faults = _services(settings)
    for fault in faults:
        print(clean(f"FAIL  {fault}"))
    title = "CTO Sidekick can reach you"
    body = f"A test of the notifications, sent on {socket.gethostname()} at {clock():%H:%M:%S}."
    said = send_all(services, title, body, HARD_SECONDS)
    for service, why in zip(services, said, strict=True):
        print(clean(f"FAIL  {service.shown}: {why}" if why else f"sent  {service.shown}"))
    if not (services or faults):
        print(f"notifications are off; {_HOW}")
    return exits.OK if services and not faults and not any(said) else exits.NO


def address_faults(settings: Settings) -> list[str]:
    """What is wrong with the addresses, each with its place."""
    return _services(settings)[1]


def notifications(settings: Settings) -> Iterator[Finding]:
    """Whether they are on, to whom they go, and what failed last."""
    services, faults = _services(settings)
    yield from ((False, "notify", fault) for fault in faults)
    for service in services:
        yield True, "notify", f"{service.shown}; try it: {command()} notify test"
    if not (services or faults):
        yield True, "notify", f"off; {_HOW}"
    report = read_report(settings.paths.state / DATABASE) if controller_of(settings) else None
    told = report.notifications if report else None
    if told and told.failure and told.failed_at:
        when = age(told.failed_at, clock())
        waiting = f"; {told.waiting} messages wait" if told.waiting else ""
        yield False, "notify", f"{when} ago: {told.failure}{waiting}"


def _services(settings: Settings) -> tuple[list[Service], list[str]]:
    addresses, unreadable = every_address(build_mailing(settings, os.environ))
    services, faults = services_of(addresses)
    return services, [*unreadable, *faults]
