"""The settings of notifications: to whom, of what, and how often."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from controller.core.standing import Kind
from controller.settings.base import MaybeSpan, Section, Span

PATH = "notifications"
URLS = (PATH, "urls")
URLS_VARIABLE = "SIDEKICK_NOTIFICATIONS_URLS"
MOST_URLS = 50
BEGINS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")
"""How an address of Apprise's begins."""
BETWEEN = re.compile(r"[,\s]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
"""What parts several addresses in one text; a comma within one does not."""
Page = Annotated[str, Field(pattern=r"^(https?://[^\s/]+[^\s]*)?$", max_length=500)]


class NotificationsSection(Section):
    """Messages to a person's phone, chat or mail (docs/notifications.md). They are on where there
    is an address.
    """  # noqa: D205 - one thought of two lines

    urls: tuple[SecretStr, ...] = Field(
        (),
        description="Addresses as Apprise has them: `ntfy://…`, `slack://…`, `mailto://…`. They "
        "hold secrets: rather name them in the variable, or in `urls_file`.",
    )
    urls_file: Path | None = Field(
        None, description="A file with more of them, one a line, for its owner alone (0600)."
    )
    on: tuple[Kind, ...] = Field(tuple(Kind), description="What is told.")
    quiet: MaybeSpan = Field(
        120.0,
        description="Seconds after it was told, for which another change of the same kind of the "
        "same project waits; one that is over by then is only counted.",
    )
    retry_for: Span = Field(
        21_600.0, description="Seconds after which a message that cannot be delivered is given up."
    )
    page: Page = Field(
        "",
        description="The live page's address as you reach it, for the links; by default that of "
        "`server.names`' first, or of the server itself.",
    )


def url_faults(section: NotificationsSection) -> list[tuple[tuple[str | int, ...], object, str]]:
    """What is surely no address: where it stands and what it must be, and never its text."""
    text = "must begin with a service and ://, as ntfy://ntfy.sh/my-topic"
    faults: list[tuple[tuple[str | int, ...], object, str]] = [
        ((*URLS, index), None, text)
        for index, url in enumerate(section.urls)
        if not BEGINS.match(url.get_secret_value())
    ]
    if len(section.urls) > MOST_URLS:  # the schema's own words would tell all of them
        faults.append((URLS, None, f"must be {MOST_URLS} at most"))
    return faults
