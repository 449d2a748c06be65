"""Services: real messages by Apprise, to a real HTTP server."""

import logging
import subprocess
import sys
import time

import pytest

from controller.core.standing import Kind
from controller.notify.addresses import Address
from controller.notify.services import AddressInvalid, send_all, service_of
from tests.e2e.lab import ROOT
from tests.hostile.corpus import TEXTS
from tests.notify.webhook import Webhook


def a_service_at(url: str) -> Address:
    """An address with a place."""
    return Address(url, "config.yaml:3")


@pytest.mark.parametrize("kind", [*Kind, None])
def test_a_webhook(webhook: Webhook, kind: Kind | None) -> None:
    """Title and body arrive as they are, of whatever kind."""
    service = service_of(a_service_at(webhook.url("hook/1")))
    assert service.shown == "json://127.0.0.1"
    assert service.send(kind, "A title", "one\ntwo") == ""
    (post,) = webhook.posts
    assert post.path == "/hook/1"
    assert (post.message["title"], post.message["message"]) == ("A title", "one\ntwo")


def test_ntfy(webhook: Webhook) -> None:
    """So they do by ntfy, with the user's password."""
    url = webhook.url("topic", service="ntfy", user="me:correcthorse@")
    assert service_of(a_service_at(url)).send(Kind.WAITING, "A title", "words") == ""
    (post,) = webhook.posts
    assert post.headers["authorization"].startswith("Basic ")
    assert (post.message["topic"], post.message["title"], post.message["message"]) == (
        "topic", "A title", "words",
    )  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_texts_arrive_as_they_are(webhook: Webhook, text: str) -> None:
    """Nothing in them is a template, an escape, an emoji or a tag."""
    shown = "".join(char for char in f"x {text} y" if char.isprintable())
    assert service_of(a_service_at(webhook.url())).send(Kind.WAITING, shown, shown) == ""
    (message,) = [post.message for post in webhook.posts]
    assert message["message"].split() == shown.split()


def test_why_it_did_not_arrive(webhook: Webhook) -> None:
    """The service's own word, without the address; nothing is raised, and nothing is logged."""
    webhook.answers = [500]
    service = service_of(
        a_service_at(webhook.url("s3cr3t-p4th-s3cr3t", user="u:hunter22hunter22@"))
    )
    assert "500" in service.send(Kind.HOLD, "t", "b")
    webhook.close()
    why = service.send(Kind.HOLD, "t", "b")
    assert why
    assert "hunter22" not in why
    assert "s3cr3t" not in why


def test_what_apprise_logs_stays_with_it(
    webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    """It debugs whole addresses."""
    caplog.set_level(logging.DEBUG)
    service = service_of(a_service_at(webhook.url("s3cr3t-p4th-s3cr3t")))
    service.send(Kind.WAITING, "t", "b")
    assert not [record for record in caplog.records if record.name == "apprise"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("nosuch://s3cr3ts3cr3t", "Apprise knows no service 'nosuch'"),
        ("slack://s3cr3ts3cr3t", "is not of slack's form, as slack://{token_a}/{token_b}"),
        ("json://", "is not of json's form"),
        ("s3cr3ts3cr3t", "begins with a service and ://"),
    ],
)
def test_a_wrong_address(url: str, text: str) -> None:
    """It is told by its place and what it should be, and not itself."""
    with pytest.raises(AddressInvalid) as caught:
        service_of(a_service_at(url))
    assert caught.value.message.startswith("config.yaml:3: ")
    assert text in caught.value.message
    assert "s3cr3t" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ntfy://ntfy.sh/topic", "ntfy://ntfy.sh"),
        ("ntfy://topic", "ntfy://…"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "slack://…"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
         "https://…"),
        ("mailto://me:hunter22hunter22@gmail.com", "mailto://gmail.com"),
        ("sendgrid://SG.abc.def:me@x.org/you@y.org", "sendgrid://…"),
        ("json://[::1]:8080/x", "json://[::1]"),
    ],
)  # fmt: skip
def test_what_is_shown(url: str, shown: str) -> None:
    """The service, and its host where that is one and no token."""
    assert service_of(a_service_at(url)).shown == shown


def test_all_at_once(webhook: Webhook) -> None:
    """One that hangs holds up no other, and is told after the deadline."""
    webhook.gate.clear()
    services = [service_of(a_service_at(webhook.url(str(number)))) for number in range(3)]
    began = time.monotonic()
    assert send_all(services, "t", "b", 0.5) == ["no end within 0.5 s"] * 3
    assert time.monotonic() - began < 3
    webhook.gate.set()
    assert send_all(services[:1], "t", "b", 20) == [""]


def test_nobody_loads_apprise_without_an_address() -> None:
    """Neither the controller's parts nor the command's words."""
    code = (
        "import sys, controller.assembly, controller.cli.run, controller.cli.doctor, "
        "controller.cli.notify; sys.exit('apprise' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=50, check=False)
    assert done.returncode == 0
