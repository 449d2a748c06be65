"""`notify test`, and what the other commands say of notifications."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from controller.core.report import NotificationsView
from tests.cli.desk import Desk, a_project
from tests.notify.webhook import Webhook

SECRET = "s3cr3ts3cr3t"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Where they arrive."""
    webhook = Webhook()
    yield webhook
    webhook.close()


def to(desk: Desk, *urls: str) -> None:
    """Set addresses."""
    desk.patch.setenv("SIDEKICK_NOTIFICATIONS_URLS", " ".join(urls))


def test_each_address_is_tried(desk: Desk, webhook: Webhook) -> None:
    """0 where all have the message; the addresses are not told."""
    to(desk, webhook.url(SECRET), webhook.url("topic", service="ntfy", user=f"me:{SECRET}@"))
    code, out, err = desk.sidekick("notify", "test")
    assert (code, err) == (0, "")
    assert out.splitlines() == ["sent  json://127.0.0.1", "sent  ntfy://127.0.0.1"]
    assert {post.message["title"] for post in webhook.posts} == {"CTO Sidekick can reach you"}


def test_one_that_does_not_get_it(desk: Desk, webhook: Webhook) -> None:
    """1, with why; a wrong one by its place."""
    webhook.answers = [404]
    to(desk, webhook.url(SECRET), f"slack://{SECRET}")
    code, out, _ = desk.sidekick("notify", "test")
    assert code == 1
    fault, failed = out.splitlines()
    assert "SIDEKICK_NOTIFICATIONS_URLS: notifications.urls (number 2 of 2): is not of" in fault
    assert failed.startswith("FAIL  json://127.0.0.1: ")
    assert "404" in failed
    assert SECRET not in out


def test_nobody(desk: Desk) -> None:
    """1, with how they are switched on."""
    code, out, _ = desk.sidekick("notify", "test")
    assert code == 1
    assert "SIDEKICK_NOTIFICATIONS_URLS" in out


def test_validate_tells_a_wrong_address(desk: Desk) -> None:
    """With file, line and column; 1."""
    text = (desk.root / "config.yaml").read_text(encoding="utf-8")
    (desk.root / "config.yaml").write_text(
        text + f"notifications:\n  urls:\n  - json://127.0.0.1/\n  - nosuch://{SECRET}\n",
        encoding="utf-8",
    )
    code, out, _ = desk.sidekick("validate")
    line = len(text.splitlines()) + 4
    assert code == 1
    assert f"config.yaml:{line}:5: notifications.urls.1 (number 2 of 2): Apprise knows no" in out
    assert SECRET not in out


def test_doctor_tells_how_they_stand(desk: Desk) -> None:
    """Off; on, and to whom; a file that others may read, or that is not there."""
    assert "ok    notify      off" in desk.sidekick("doctor")[1]
    file = desk.root / "urls"
    file.write_text(f"json://me:{SECRET}@127.0.0.1/\n", encoding="utf-8")
    file.chmod(0o644)
    desk.patch.setenv("SIDEKICK_NOTIFICATIONS_URLS_FILE", str(file))
    out = desk.sidekick("doctor")[1]
    assert "ok    notify      json://127.0.0.1; try it: sidekick notify test" in out
    assert f"chmod 600 {file}" in out
    file.chmod(0o600)
    assert f"chmod 600 {file}" not in desk.sidekick("doctor")[1]
    file.unlink()
    code, out, _ = desk.sidekick("doctor")
    assert code == 1
    assert f"MEND  notify      {file}: No such file or directory" in out
    assert SECRET not in out


def test_doctor_tells_of_addresses_in_a_readable_file(desk: Desk) -> None:
    """config.yaml is often shared; a file of its own need not be."""
    config = desk.root / "config.yaml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f"notifications: {{urls: ['json://127.0.0.1/{SECRET}']}}\n")
    config.chmod(0o644)
    out = desk.sidekick("doctor")[1]
    assert f"{config} holds addresses of notifications and is open to others" in out
    config.chmod(0o600)
    assert "holds addresses" not in desk.sidekick("doctor")[1]


def test_the_last_failure_is_shown(desk: Desk) -> None:
    """By `status`, and by `doctor` beside a running controller."""
    played = desk.play_controller(
        {"GET /healthz": (200, {"status": "ok", "faults": {}}), "GET /readyz": (200, {})}
    )
    told = NotificationsView(
        ("json://127.0.0.1", "slack://…"), 2, "slack://…: error 500", datetime.now().astimezone()
    )
    desk.keep(a_project("One"), server=played.url, notifications=told)
    out = desk.sidekick("status")[1]
    assert "notify      json://127.0.0.1, slack://…; 2 not delivered yet" in out
    assert re.search(r"^error       notify \d+s ago: slack://…: error 500$", out, re.MULTILINE)
    assert "ago: slack://…: error 500; 2 messages wait" in desk.sidekick("doctor")[1]
    desk.keep(a_project("One"), a_project("Two"), server=played.url)
    assert "notify      off" in desk.sidekick("status")[1]


def test_the_settings_and_the_note_beside_the_state_have_none(desk: Desk) -> None:
    """A quick look goes without them."""
    to(desk, f"json://127.0.0.1/{SECRET}")
    desk.keep(a_project("One"))
    code, out, _ = desk.sidekick("config", "show")
    assert code == 0
    assert "  urls:\n  - '***'" in out
    assert SECRET not in out + desk.sidekick("config", "show", "-o", "json")[1]
    assert desk.sidekick("get")[0] == 0
    notes = [file.read_bytes() for file in desk.state.rglob("*") if file.is_file()]
    assert (desk.state / "settings.stamp").exists()
    assert not [note for note in notes if SECRET.encode() in note]
