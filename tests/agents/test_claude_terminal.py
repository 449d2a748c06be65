"""Claude Code on its terminal: how it is started, its home, and how its screen is answered."""

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents import claude_home
from controller.agents.base import (
    BUSY,
    AgentError,
    Approach,
    Launch,
    Mode,
    Options,
    Permission,
    Screened,
)
from controller.agents.claude import Claude
from controller.agents.claude_home import seed_home
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Ask, Asking, Facts, Trouble
from controller.core.observed import TROUBLED, Ending, StopRequest, Words
from controller.core.workload import Workload

SCREENS = Path(__file__).parent / "screens"
NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
WORK = Workload("App", "app", "claude", "", "do it", "/w", Words("digest"), conversation="c-1")
KEY = "sk-ant-0123456789-abcdefghijklmnop"


def claude(**changes: Any) -> Claude:
    """Claude on its terminal, with some settings."""
    settings = {"name": "claude", "program": "claude", "home": Path("/h"), "preamble": "Report."}
    return Claude(Options(**{**settings, "mode": Mode.INTERACTIVE, **changes}))


def screen(name: str) -> str:
    """A captured screen."""
    return (SCREENS / f"claude-2.1.330-{name}.txt").read_text(encoding="utf-8")


def launched(**changes: Any) -> Launch:
    """How it is started."""
    return claude(**changes).launch(WORK, "/runs/1")


def test_a_start_on_the_terminal() -> None:
    """No `-p`, no stream; the prompt behind `--`, and the hooks' settings in the run's folder."""
    launch = launched()
    assert launch.argv[:3] == ("claude", "--settings", "/runs/1/hooks.json")
    assert launch.argv[-2:] == ("--", "do it")
    assert not {"-p", "--output-format", "--max-budget-usd"} & set(launch.argv)
    assert launch.argv[launch.argv.index("--session-id") + 1] == "c-1"
    assert launch.argv[launch.argv.index("--permission-mode") + 1] == "acceptEdits"
    assert (launch.mode, launch.stream, launch.tells) == (Mode.INTERACTIVE, None, True)
    assert "Stop" in json.loads(launch.files["hooks.json"])["hooks"]


def test_what_a_run_may_cost() -> None:
    """Headless, it keeps to that by itself."""
    work = replace(WORK, dollars=2.5)
    argv = claude(mode=Mode.HEADLESS).launch(work, "/r").argv
    assert argv[argv.index("--max-budget-usd") + 1] == "2.5"
    assert "--max-budget-usd" not in claude(mode=Mode.HEADLESS).launch(WORK, "/r").argv


def test_a_start_that_goes_on() -> None:
    """The same conversation, told to go on."""
    work = replace(WORK, begun=True, resume=True)
    argv = claude().launch(work, "/runs/1").argv
    assert argv[argv.index("--resume") + 1] == "c-1"
    assert argv[-1] == "continue"


def test_what_skips_all_permissions_asks_nothing_at_its_start() -> None:
    """The warning has "No, exit" chosen; headless there is none."""
    files = launched(permission=Permission.ALL).files
    assert json.loads(files["hooks.json"])["skipDangerousModePermissionPrompt"] is True
    assert "skipDangerousModePermissionPrompt" not in launched().files["hooks.json"]
    assert launched(mode=Mode.HEADLESS).files == {}


def known(home: Path) -> Any:
    """What the home knows."""
    return json.loads((home / ".claude.json").read_text())


def test_a_new_home(tmp_path: Path) -> None:
    """Onboarded, the folder trusted as it is named and where it is, the key approved by its end."""
    real, home = tmp_path / "real", tmp_path / "homes" / "claude"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    agent = claude(home=home)
    agent.seed(replace(WORK, folder=str(tmp_path / "link")), {"ANTHROPIC_API_KEY": KEY})
    seeded = known(home)
    assert seeded["hasCompletedOnboarding"] is True
    assert seeded["customApiKeyResponses"]["approved"] == [KEY[-20:]]
    assert KEY not in (home / ".claude.json").read_text()
    assert seeded["projects"] == {
        str(real): {"hasTrustDialogAccepted": True},
        str(tmp_path / "link"): {"hasTrustDialogAccepted": True},
    }
    assert not (home / ".claude.json.lock").exists()
    assert (home / ".claude.json").stat().st_mode & 0o077 == 0


def test_headless_leaves_the_home_alone(tmp_path: Path) -> None:
    """It asks nothing."""
    claude(home=tmp_path / "h", mode=Mode.HEADLESS).seed(WORK, {"ANTHROPIC_API_KEY": KEY})
    assert not (tmp_path / "h").exists()


def test_a_home_that_is_used_keeps_what_is_there(tmp_path: Path) -> None:
    """All of Claude's own, and what a person refused; trust that was never asked is given."""
    before = {
        "numStartups": 7,
        "customApiKeyResponses": {"approved": ["other"], "rejected": [KEY[-20:]]},
        "projects": {"/w": {"allowedTools": ["x"], "hasTrustDialogAccepted": False}, "/v": {}},
    }
    (tmp_path / ".claude.json").write_text(json.dumps(before))
    seed_home(tmp_path, "/w", KEY)
    seeded = known(tmp_path)
    assert seeded["numStartups"] == 7
    assert seeded["customApiKeyResponses"] == before["customApiKeyResponses"]
    assert seeded["projects"] == {
        "/w": {"allowedTools": ["x"], "hasTrustDialogAccepted": True}, "/v": {},
    }  # fmt: skip
    written = (tmp_path / ".claude.json").stat().st_mtime_ns
    seed_home(tmp_path, "/w", KEY)
    assert (tmp_path / ".claude.json").stat().st_mtime_ns == written


@pytest.mark.parametrize("content", ["", "[1]", "{", "\x00", '"x"'])
def test_a_home_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    """Nothing in it is replaced: a person may still mend it."""
    (tmp_path / ".claude.json").write_text(content)
    with pytest.raises(AgentError, match=r"\.claude\.json is no JSON"):
        seed_home(tmp_path, "/w", KEY)
    assert (tmp_path / ".claude.json").read_text() == content


@pytest.mark.parametrize("known", [{"projects": 3}, {"customApiKeyResponses": {"approved": "x"}},
                                   {"projects": {"/w": None}}])  # fmt: skip
def test_a_home_of_another_shape(tmp_path: Path, known: dict[str, Any]) -> None:
    """What Claude would not have written does not stand in the way."""
    (tmp_path / ".claude.json").write_text(json.dumps(known))
    seed_home(tmp_path, "/w", KEY)
    seeded = json.loads((tmp_path / ".claude.json").read_text())
    assert seeded["projects"]["/w"]["hasTrustDialogAccepted"] is True
    assert seeded["customApiKeyResponses"]["approved"] == [KEY[-20:]]


def test_a_home_that_others_write_meanwhile(tmp_path: Path) -> None:
    """Nobody's words are lost: who writes holds the lock, as Claude does."""

    def write(number: int) -> None:
        for count in range(10):
            seed_home(tmp_path, f"/w/{number}/{count}", f"{KEY}{number}-{count}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(known(tmp_path)["projects"]) == 40
    assert len(known(tmp_path)["customApiKeyResponses"]["approved"]) == 40


def test_a_lock_that_was_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old one is taken over, as Claude does; a new one is waited for, and then told."""
    lock = tmp_path / ".claude.json.lock"
    lock.mkdir()
    os.utime(lock, (time.time() - 60,) * 2)
    seed_home(tmp_path, "/w", "")
    assert known(tmp_path)["projects"]
    lock.mkdir()
    monkeypatch.setattr(claude_home, "_PATIENCE", 0.1)
    with pytest.raises(AgentError, match="being written by another"):
        seed_home(tmp_path, "/v", "")
    assert lock.exists()


@pytest.mark.parametrize(
    ("shown", "text", "keys", "typed"),
    [
        ("idle", "the red one", (), "the red one"),
        ("permission-bash", "yes", ("1",), ""),
        ("permission-bash", " OK ", ("1",), ""),
        ("permission-bash", "2", ("2",), ""),
        ("permission-bash", "no", ("Escape",), "no"),
        ("permission-bash", "9", ("Escape",), "9"),
        ("permission-bash", "use python2 instead", ("Escape",), "use python2 instead"),
        ("permission-write", "y", ("1",), ""),
        ("question", "no", ("2",), ""),
        ("question", "Yes", ("1",), ""),
        ("question", "blue", ("Escape",), "blue"),
        ("question", "3", ("Escape",), "3"),
        ("question", "Chat about this", ("Escape",), "Chat about this"),
        ("idle", "/exit", (), "My answer: /exit"),
        ("idle", " !rm -rf x", (), "My answer:  !rm -rf x"),
    ],
)
def test_an_answer(shown: str, text: str, keys: tuple[str, ...], typed: str) -> None:
    """A choice by its number, an approval by that of Yes; all else is the next message."""
    assert claude().approach(screen(shown), text) == Approach(keys, typed)


@pytest.mark.parametrize("shown", ["trust", "trust-bypass", "login-key", "login", "limit-weekly"])
def test_what_no_answer_decides(shown: str) -> None:
    """A person at the terminal has to see what they agree to."""
    with pytest.raises(AgentError) as caught:
        claude().approach(screen(shown), "yes")
    assert caught.value.reason == "AnswerAtTerminal"


@pytest.mark.parametrize("shown", ["working", "retrying"])
def test_nothing_is_typed_while_it_works(shown: str) -> None:
    """What it asks is drawn a moment after it is told: look again."""
    with pytest.raises(AgentError) as caught:
        claude().approach(screen(shown), "yes")
    assert caught.value.reason == BUSY


LOOKS = {
    "trust": Facts(ask=Ask(Asking.TRUST, "Is this a project you created or one you trust?")),
    "login-key": Facts(ask=Ask(Asking.LOGIN, "Do you want to use this API key?")),
    "permission-bash": Facts(ask=Ask(Asking.PERMISSION, "Do you want to proceed?")),
    "question": Facts(ask=Ask(Asking.QUESTION, "Which colour?")),
    "working": Facts(working=True),
    "retrying": Facts(
        trouble=Trouble.OVERLOADED, message="500 Internal server error", retrying=True
    ),
    "error-offline": Facts(
        trouble=Trouble.OFFLINE,
        message="Unable to connect to Anthropic services "
        "Failed to connect to api.anthropic.com: ENOTFOUND",
    ),
}


@pytest.mark.parametrize(("shown", "facts"), LOOKS.items(), ids=LOOKS)
def test_a_terminal_whose_hooks_say_nothing(shown: str, facts: Facts) -> None:
    """Its screen tells instead."""
    agent = claude()
    assert isinstance(agent, Screened)
    assert agent.look(NO_FACTS, screen(shown)) == facts


@pytest.mark.parametrize("shown", ["idle", "not-taken"])
def test_a_task_that_is_not_begun(shown: str) -> None:
    """It stands in its box, or was a command that begins no turn: a person is asked."""
    ask = claude().look(Facts(at=NOW, conversation="c"), screen(shown)).ask
    assert ask is not None
    assert (ask.kind, "has not begun" in ask.text) == (Asking.QUESTION, True)


@pytest.mark.parametrize("hidden", ["\x07", "\x1b[31m", "\u200b", "\u2028", "\u202e"])
def test_a_task_that_its_terminal_would_leave_in_its_box(hidden: str) -> None:
    """A path first, and what nobody sees behind it; another task is told as it is."""

    def told(prompt: str, mode: Mode = Mode.INTERACTIVE) -> str:
        return claude(mode=mode).launch(replace(WORK, prompt=prompt), "/runs/1").argv[-1]

    task = f"/src/app.py is{hidden} to be mended"
    assert told(task) == f"Task: {task}"
    assert told(f"\n{task}") == f"Task: \n{task}"
    assert told(task, Mode.HEADLESS) == task
    for plain in ("/review\tit\r\nwell 日本語", f"mend{hidden} /src/app.py"):
        assert told(plain) == plain


def test_a_dialog_that_is_closed_is_no_ask() -> None:
    """No hook tells of it; all else on a screen is told by hooks better."""
    asked = Facts(at=NOW, ask=Ask(Asking.PERMISSION, "Bash: rm x", NOW), turn_at=NOW)
    agent = claude()
    assert agent.look(asked, screen("working")).ask is None
    interrupted = agent.look(asked, screen("idle")).ask
    assert interrupted is not None
    assert interrupted.kind is Asking.QUESTION
    for shown in ("permission-bash", "error-rate", "limit-5-hour", "trust"):
        assert agent.look(asked, screen(shown)) == asked
    assert agent.look(asked, "anything") == asked


@given(st.text(), st.text())
def test_whatever_is_shown(shown: str, text: str) -> None:
    """Nothing but a refusal is raised."""
    claude().look(NO_FACTS, shown)
    with suppress(AgentError):
        claude().approach(shown, text)


def stopped(message: str) -> Exit:
    """A run that was ended because it could not go on."""
    stop = StopRequest("controller", TROUBLED, message)
    return Exit(Cause.STOP, NOW, 143, stop=stop)


def test_the_end_of_a_run_that_could_not_go_on() -> None:
    """Judged by its trouble; where only its screen told that, by what was seen there."""
    until = NOW.replace(hour=22)
    held = Facts(trouble=Trouble.LIMIT, message="hit your limit", until=until, ended=True)
    result = claude().judge(stopped("hit your limit"), None, held)
    assert (result.ending, result.reason, result.until) == (Ending.HELD, "UsageLimit", until)
    seen = claude().judge(stopped("You've hit your limit · resets 10pm (UTC)"), None, NO_FACTS)
    assert (seen.ending, seen.until) == (Ending.HELD, until.replace(minute=1))
    busy = Facts(trouble=Trouble.OVERLOADED, message="529")
    assert claude().judge(stopped("529"), None, busy).ending is Ending.UNAVAILABLE
    user = Exit(Cause.STOP, NOW, 143, stop=StopRequest("user", "UserPause"))
    assert claude().judge(user, None, held).ending is Ending.STOPPED


@pytest.mark.parametrize("shown", ["limit-5-hour", "limit-weekly"])
def test_when_a_limit_is_over_that_only_a_screen_told(shown: str) -> None:
    """Its words go into the request to end the run; at the end they say until when it holds."""
    seen = claude().look(NO_FACTS, screen(shown))
    assert (seen.trouble, seen.until) == (Trouble.LIMIT, None)
    result = claude().judge(stopped(seen.message), None, NO_FACTS)
    assert result.ending is Ending.HELD
    assert result.until is not None
    assert result.until > NOW


def test_a_conversation_that_is_lost() -> None:
    """It ends at once, and says so in its last line."""
    end = Exit(Cause.EXIT, NOW, 1, tail=("No conversation found with session ID: c-1", ""))
    result = claude().judge(end, None, NO_FACTS)
    assert (result.ending, result.reason) == (Ending.FORGOTTEN, "ConversationLost")


def test_a_person_who_leaves_after_its_question(tmp_path: Path) -> None:
    """`/exit` at the end of a turn leaves the question open; in the midst of one it is no end."""
    asked = Facts(at=NOW, ok=True, ended=True, ask=Ask(Asking.QUESTION, "Which?", NOW))
    result = claude().judge(Exit(Cause.EXIT, NOW, 0), None, asked)
    assert (result.ending, result.message) == (Ending.WAITING, "Which?")
    working = Facts(at=NOW, working=True)
    assert claude().judge(Exit(Cause.EXIT, NOW, 0), None, working).reason == "NoResult"
