"""Notifications: a real controller, and a real HTTP server in the place of a phone."""

import json
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.lab import Lab, wait_for
from tests.notify.webhook import Webhook

ASKS = "sidekick report waiting 'Which one: red or blue?'; exec sleep 1000"
QUICK = {"tick": 1, "stop_grace": 1}


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Where notifications arrive."""
    webhook = Webhook()
    yield webhook
    webhook.close()


def ticks(lab: Lab) -> float:
    """How many ticks the newest controller made."""
    lines = (lab.get("/metrics") or "").splitlines()
    return sum(float(x.split()[1]) for x in lines if x.startswith("sidekick_reconcile_total{"))


def counted(lab: Lab, kind: str, result: str) -> float:
    """A count of notifications."""
    want = f'sidekick_notifications_total{{kind="{kind}",result="{result}"}} '
    lines = (lab.get("/metrics") or "").splitlines()
    return next((float(line.removeprefix(want)) for line in lines if line.startswith(want)), -1.0)


def rest(lab: Lab, count: int = 3) -> None:
    """Wait for so many whole ticks more."""
    before = ticks(lab)
    wait_for("more ticks", lambda: ticks(lab) >= before + count)


def test_a_row_that_waits_is_one_message(lab: Lab, webhook: Webhook) -> None:
    """With the question and what to do; another controller does not say it again."""
    lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url("hook")
    lab.settle_in(f'Pipecat Voice,1,Pending,,,"{ASKS}",,,,', times=QUICK)
    lab.start()
    lab.wait_status("Pipecat Voice", "Waiting")
    wait_for("the message", lambda: webhook.posts)
    wait_for("its end", lambda: counted(lab, "waiting", "sent") == 1)
    message = webhook.posts[0].message
    assert message["title"] == "Pipecat Voice waits for you"
    assert message["message"].splitlines() == [
        "Which one: red or blue?",
        "Reason: AgentWaiting",
        "Answer: sidekick answer 'Pipecat Voice' \"…\"",
        f"Page: {lab.url()}/?project=Pipecat%20Voice",
    ]
    rest(lab)
    lab.stop()
    lab.start()
    lab.wait_reason("Pipecat Voice", "AgentWaiting")
    rest(lab)
    assert webhook.titles() == ["Pipecat Voice waits for you"]
    lab.sidekick("pause", "Pipecat Voice", check=True)
    lab.wait_status("Pipecat Voice", "Paused")
    rest(lab)
    assert len(webhook.posts) == 1
    assert json.loads(lab.sidekick("status", "-o", "json").stdout)["notifications"] == {
        "targets": ["json://127.0.0.1"], "waiting": 0, "failure": "", "failed_at": None,
    }  # fmt: skip
    assert urllib.request.urlopen(lab.url() + "/healthz", timeout=5).status == 200
