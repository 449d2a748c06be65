"""Notifications: a real controller, and a real HTTP server in the place of a phone."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

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


@pytest.mark.slow
def test_a_fleet_that_stalls_is_a_message_or_two(lab: Lab, webhook: Webhook) -> None:
    """Each project is named once, and no message has but one of many."""
    names = [f"P{number}" for number in range(6)]
    lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url()
    lab.settle_in(*(f'{name},1,Pending,,,"{ASKS}",,,,' for name in names), times=QUICK)
    lab.start()

    def told() -> list[str]:
        text = "\n".join(
            f"{post.message['title']}\n{post.message['message']}" for post in webhook.posts
        )
        return sorted(
            re.findall(r"^(?:- )?(P\d)(?:: Which one| waits for you)", text, re.MULTILINE)
        )

    wait_for("all of them", lambda: told() == names, 40)
    rest(lab)
    assert told() == names
    assert len(webhook.posts) <= 3


def test_a_service_that_fails_at_first(lab: Lab, webhook: Webhook) -> None:
    """It is asked again, and the message arrives once."""
    webhook.answers = [500, 500]
    lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url()
    lab.settle_in(f'One,1,Pending,,,"{ASKS}",,,,', times=QUICK)
    lab.start()
    wait_for("its arrival", lambda: counted(lab, "waiting", "sent") == 1, 30)
    rest(lab)
    assert webhook.titles() == ["One waits for you"] * 3
    assert "a notification did not reach json://127.0.0.1, and is tried again" in lab.output()
    assert "notifications reach json://127.0.0.1 again" in lab.output()
    assert "error       notify" not in lab.sidekick("status").stdout


@pytest.mark.parametrize(
    "end", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGKILL]
)
def test_a_service_that_hangs_holds_up_nothing(
    lab: Lab, webhook: Webhook, end: signal.Signals
) -> None:
    """Ticks go on, words are heard, the end comes soon; the next controller delivers."""
    webhook.gate.clear()
    lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url("?rto=60")
    lab.settle_in(f'One,1,Pending,,,"{ASKS}",,,,', times=QUICK)
    lab.start()
    wait_for("a try", lambda: webhook.posts)
    rest(lab, 5)
    lab.append("Two,1,Pending,,,exec sleep 1000,,,,")
    lab.wait_status("Two", "In Progress")
    assert counted(lab, "waiting", "sent") == 0
    assert "1 not delivered yet" in lab.sidekick("status").stdout
    assert lab.stop(end) == (0 if end is signal.SIGTERM else -end)
    webhook.gate.set()
    lab.start()
    wait_for("its arrival", lambda: counted(lab, "waiting", "sent") == 1)
    rest(lab)
    assert webhook.titles() == ["One waits for you"] * 2


def test_what_else_is_told(lab: Lab, webhook: Webhook) -> None:
    """Completed and blocked work, a held agent, a mass stop; not what the user typed."""
    lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url()
    limit = {
        "command": ["sh", "-c", "{prompt}"], "slots": 9,
        "patterns": [{"outcome": "limit", "pattern": "limit reached, resets (?P<reset>.+)"}],
        "exit_codes": {3: "blocked"},
    }  # fmt: skip
    works = [f"P{number},1,Pending,,,exec sleep 1000,,,," for number in range(4)]
    lab.settle_in(
        "Done,1,Pending,,,true,,,,", "Stuck,1,Pending,,,echo no way; exit 3,,,,",
        'Full,1,Pending,full,,"echo limit reached, resets 4h; exit 1",,,,',
        "Typed,1,Completed,,,x,,,,", *works,
        agents={"sh": limit, "full": limit}, times=QUICK,
    )  # fmt: skip
    lab.start()
    wait_for("three messages", lambda: len(webhook.posts) == 3, 30)
    assert sorted(webhook.titles()) == ["Done is done", "Stuck is blocked", "full is held"]
    for number in range(4):
        lab.wait_status(f"P{number}", "In Progress")
    lab.write(*lab.list.read_text(encoding="utf-8").splitlines()[1:5])
    wait_for("the guard", lambda: len(webhook.posts) == 4, 30)
    message = webhook.posts[3].message
    assert message["title"] == "A mass stop waits for your word"
    assert "sidekick approve-prune --plan " in message["message"]
    rest(lab)
    assert len(webhook.posts) == 4


def test_switched_on_while_it_runs(lab: Lab, webhook: Webhook) -> None:
    """What waits already is one summary; a wrong address is told, and stops nothing."""
    lab.settle_in(f'One,1,Pending,,,"{ASKS}",,,,', f'Two,1,Pending,,,"{ASKS}",,,,', times=QUICK)
    lab.start()
    for name in ("One", "Two"):
        lab.wait_status(name, "Waiting")
    urls = lab.root / "urls"
    urls.write_text(f"nosuch://s3cr3ts3cr3t\n{webhook.url()}\n", encoding="utf-8")
    with (lab.root / "config.yaml").open("a", encoding="utf-8") as file:
        file.write("notifications: {urls_file: urls}\n")
    wait_for("the summary", lambda: webhook.posts)
    assert webhook.titles() == ["2 things need you"]
    wait_for("the fault", lambda: f"{urls}:1: Apprise knows no service 'nosuch'" in lab.output())
    assert f"{urls}:1: Apprise knows no" in lab.sidekick("status").stdout
    assert "s3cr3t" not in lab.output()
    rest(lab)
    assert len(webhook.posts) == 1


def test_a_single_tick_tells_too(lab: Lab, webhook: Webhook) -> None:
    """`apply`, as from cron."""
    lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url()
    lab.settle_in("One,1,Pending,,,true,,,,", times=QUICK)

    def applied() -> bool:
        lab.sidekick("apply", check=True)
        return bool(webhook.posts)

    wait_for("the message", applied, 60)
    assert webhook.titles() == ["One is done"]
    lab.sidekick("apply", check=True)
    assert len(webhook.posts) == 1


def test_an_address_is_nowhere_but_where_it_was_set(lab: Lab, webhook: Webhook) -> None:
    """Not in the log, the memory, metrics, the API, a command's words, nor with any agent."""
    password, topic, key = "hunter22hunter22", "t0pic-s3cr3t", "k3y-s3cr3t-k3y"
    webhook.answers = [500] * 3
    urls = lab.root / "urls"
    urls.write_text(webhook.url(key) + "\n", encoding="utf-8")
    urls.chmod(0o600)
    lab.environment |= {
        "SIDEKICK_NOTIFICATIONS_URLS": webhook.url(topic, service="ntfy", user=f"me:{password}@"),
        "SIDEKICK_NOTIFICATIONS_URLS_FILE": str(urls),
        "LOG_LEVEL": "DEBUG",
    }
    lab.settle_in(f'One,1,Pending,,,"env; {ASKS}",,,,', times=QUICK)
    lab.start()
    wait_for("both", lambda: counted(lab, "waiting", "sent") == 2, 30)
    words = ["status -o json", "doctor", "config show", "validate", "notify test", "logs One"]
    said = [lab.sidekick(*word.split()) for word in words]
    lab.sidekick("snapshot", "create", check=True)
    texts = {word: done.stdout + done.stderr for word, done in zip(words, said, strict=True)}
    texts |= {path: lab.get(path) or "" for path in ("/metrics", "/api/v1/status", "/healthz", "/")}
    texts["tmux"] = lab.tmux("show-environment", "-g")
    for pid in lab.processes():
        with suppress(OSError):
            texts[f"process {pid}"] = Path(f"/proc/{pid}/environ").read_text(errors="replace")
    for path in lab.root.rglob("*"):
        if path.is_file() and path != urls:
            with suppress(OSError):
                texts[str(path)] = path.read_bytes().decode(errors="replace")
    leaks = [(where, s) for where, t in texts.items() for s in (password, topic, key) if s in t]
    assert leaks == []
