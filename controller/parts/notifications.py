"""Notifications: to whom, of what, and in which words."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from controller.core.errors import SidekickError
from controller.core.names import COMMAND_VARIABLE
from controller.core.notice_texts import Terms
from controller.notifier import Wishes
from controller.notify.addresses import Address, read_addresses, secrets_of
from controller.notify.mailing import Mailing
from controller.settings import Settings
from controller.settings.load import say_of
from controller.settings.notifications import URLS


def build_wishes(
    settings: Settings, environment: Mapping[str, str], redact: Callable[[str], str]
) -> Wishes:
    """What is told, and how.

    Args:
        settings: The settings, with absolute paths.
        environment: The process's own.
        redact: Takes secrets out of a text.
    """
    section = settings.notifications
    return Wishes(
        build_mailing(settings, environment),
        frozenset(section.on),
        timedelta(seconds=section.quiet),
        Terms(environment.get(COMMAND_VARIABLE) or "sidekick", _page(settings), redact),
    )


def build_mailing(settings: Settings, environment: Mapping[str, str]) -> Mailing:
    """To whom messages go, each address with the place where it was set."""
    section = settings.notifications
    given = tuple(
        Address(url.get_secret_value(), _place(settings, environment, index))
        for index, url in enumerate(section.urls)
    )
    return Mailing(given, section.urls_file, timedelta(seconds=section.retry_for))


def every_address(mailing: Mailing) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """All addresses, those of the file with them, and what is wrong with that."""
    if mailing.file is None:
        return mailing.given, ()
    try:
        return (*mailing.given, *read_addresses(mailing.file)), ()
    except SidekickError as error:
        return mailing.given, (error.message,)


def address_secrets(settings: Settings) -> tuple[str, ...]:
    """What of all addresses must be told nowhere."""
    section = settings.notifications
    urls = [url.get_secret_value() for url in section.urls]
    if section.urls_file is not None:
        with suppress(SidekickError):  # whoever sends says so
            urls += [address.url for address in read_addresses(section.urls_file)]
    return tuple(part for url in urls for part in secrets_of(url))


def _place(settings: Settings, environment: Mapping[str, str], index: int) -> str:
    try:
        place = say_of(settings, environment, (*URLS, index), "")
    except SidekickError:  # the file was changed at this very moment
        place = ".".join(URLS)
    count = len(settings.notifications.urls)
    return f"{place.rstrip(': ')} (number {index + 1} of {count})"


def _page(settings: Settings) -> str:
    """The address of the live page as far as the settings tell; empty where they do not."""
    if settings.notifications.page:
        return settings.notifications.page.rstrip("/")
    names = settings.server.names
    return f"http://{names[0]}:{settings.server.port}" if names and settings.server.port else ""
