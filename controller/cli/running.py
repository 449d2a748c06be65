"""The running controller, from the outside: its lock, its server's address, its token."""

import json
import os
import signal
import socket
from dataclasses import dataclass

from pydantic import TypeAdapter

from controller.cli.context import controller_of
from controller.cli.terminal import start, warn
from controller.cli.wire import exchange
from controller.core.detail import PlanView
from controller.core.errors import TransientError
from controller.layout import DATABASE, TOKEN
from controller.locks import Holder
from controller.settings import Settings
from controller.store import read_report

RECONCILE_SECONDS = 30.0
"""The server gives its loop 20 s for a tick."""
_PLAN = TypeAdapter(PlanView)
_PLACE = "/api/v1/reconcile"


class NoAnswer(TransientError):
    """A controller runs, and its server does not answer."""


@dataclass(frozen=True, slots=True)
class Controller:
    """A running controller.

    Attributes:
        holder: Who holds the lock.
        settings: The settings.
    """

    holder: Holder
    settings: Settings

    def reconcile(self) -> PlanView:
        """Let it tick now; what it did.

        Raises:
            NoAnswer: Its server does not answer, or not in a way that can be understood.
            TransientError: It says why it cannot.
        """
        url = self.url()
        if not url:
            raise NoAnswer("NotReady", "the running controller is not ready yet")
        try:
            status, body = exchange(
                url, _PLACE, method="POST", token=self.token(), deadline=RECONCILE_SECONDS
            )
        except OSError as error:
            raise NoAnswer("NoAnswer", f"{url} does not answer: {error}") from error
        if status in {503, 504}:
            raise TransientError("Unavailable", _problem(body) or f"{url} answered {status}")
        if status != 200:
            text = _problem(body)
            raise NoAnswer("NoAnswer", f"{url}{_PLACE} answered {status} {text}".rstrip())
        return _plan_of(body, f"{url}{_PLACE}")

    def wake(self) -> bool:
        """Wake it by a signal; whether that could be."""
        if not self.holder.pid or self.holder.host != socket.gethostname():
            return False  # its process number means nothing here
        try:
            os.kill(self.holder.pid, signal.SIGUSR1)
        except OSError:
            return False
        return True

    def url(self) -> str:
        """Its server's address, empty until it has said so itself.

        What an earlier controller left behind may be anybody's address by now.
        """
        report = read_report(self.settings.paths.state / DATABASE)
        if report is None or report.at.timestamp() < self.holder.since:
            return ""
        return report.server

    def token(self) -> str:
        """What its server wants to see; empty where that cannot be read."""
        try:
            return (self.settings.paths.state / TOKEN).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""


def running(settings: Settings) -> Controller | None:
    """The running controller, or None."""
    holder = controller_of(settings)
    return Controller(holder, settings) if holder else None


def tell_if_none(settings: Settings) -> None:
    """Where no controller runs, say on standard error who will act on the user's word."""
    if running(settings) is None:
        warn(f"no controller runs; it acts on this when it does ({start()})")


def wake(settings: Settings) -> bool:
    """Wake the running controller; returns whether there is one that could be."""
    controller = running(settings)
    return controller is not None and controller.wake()


def _plan_of(body: bytes, place: str) -> PlanView:
    """The plan that an answer holds; its document has the errors as an object."""
    try:
        document = json.loads(body)
        return _PLAN.validate_python({**document, "errors": tuple(document["errors"].items())})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAnswer("NoAnswer", f"{place}: its answer cannot be understood") from error


def _problem(body: bytes) -> str:
    """What the server says went wrong."""
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return ""
