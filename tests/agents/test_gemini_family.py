"""Gemini CLI, Qwen Code and opencode: how each is started and seeded, and what its end means."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.agents.base import Agent, AgentError, Mode, Options, Permission, Stream
from controller.agents.opencode_plugin import plugin
from controller.agents.registry import family
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Facts, Trouble
from controller.core.observed import Ending, Words
from controller.core.workload import Workload

NAMES = ("gemini", "qwen", "opencode")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROMPT = "-rf --help; $(touch x)"
WORK = Workload("My App", "my-app", "agent", "", PROMPT, "/work", Words("d"), conversation="c-1")
GOES_ON = replace(WORK, begun=True, resume=True)
OPTIONS = Options("agent", "program", Path("/home/agent"), allow=("npm test", 'say "é"'))


def agent(name: str, **options: Any) -> Agent:
    """An agent of a family."""
    return family(name)(replace(OPTIONS, **options))


def after(argv: tuple[str, ...], option: str) -> str:
    """The value of an option; empty where it is not given."""
    return argv[argv.index(option) + 1] if option in argv else ""


@pytest.mark.parametrize("name", NAMES)
def test_headless(name: str) -> None:
    """The prompt is its standard input, so that no part of it is an option or too long for one."""
    launch = agent(name).launch(WORK, "/runs/1")
    assert launch.mode is Mode.HEADLESS
    assert launch.prompt == PROMPT
    assert launch.prompt_on_stdin
    assert launch.tells
    assert not any(PROMPT in argument for argument in launch.argv)
    wanted = {"gemini": Stream.GEMINI, "qwen": Stream.CLAUDE, "opencode": Stream.OPENCODE}
    assert launch.stream is wanted[name]


@pytest.mark.parametrize("name", NAMES)
def test_interactive(name: str) -> None:
    """The prompt is one argument that cannot be taken for an option; hooks tell of it."""
    launch = agent(name, mode=Mode.INTERACTIVE).launch(WORK, "/runs/1")
    assert launch.mode is Mode.INTERACTIVE
    assert launch.argv[-1].startswith("--prompt")
    assert launch.argv[-1].partition("=")[2] == PROMPT
    assert (launch.prompt_on_stdin, launch.stream, launch.hooks) == (False, None, True)
    assert not agent(name).launch(WORK, "/runs/1").hooks


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation(name: str) -> None:
    """A fresh one has our id, where it takes one; a known one goes on, and is told so."""
    one = agent(name)
    fresh, on = one.launch(WORK, "/runs/1"), one.launch(GOES_ON, "/runs/1")
    resume = "--session" if name == "opencode" else "--resume"
    assert one.takes_ids == (name != "opencode")
    assert after(fresh.argv, "--session-id") == ("c-1" if one.takes_ids else "")
    assert after(fresh.argv, resume) == ""
    assert after(on.argv, resume) == "c-1"
    assert (on.prompt, after(on.argv, "--session-id")) == ("continue", "")
    new = one.launch(replace(GOES_ON, resume=False), "/runs/1")
    assert new.prompt == PROMPT


@pytest.mark.parametrize("name", NAMES)
def test_model_and_arguments(name: str) -> None:
    """The row's model is told; arguments of the settings follow."""
    one = agent(name, arguments=("--debug", "x"))
    argv = one.launch(replace(WORK, model="a/m1"), "/runs/1").argv
    assert after(argv, "--model") == "a/m1"
    assert after(argv, "--debug") == "x"
    assert "--model" not in one.launch(WORK, "/runs/1").argv


@pytest.mark.parametrize("name", NAMES)
def test_its_own_home(name: str) -> None:
    """Its own configuration is below the home; the user's HOME stays, for git and ssh."""
    environment = agent(name, environment={"X": "1"}).launch(WORK, "/runs/1").environment
    homes = {key: value for key, value in environment.items() if key.endswith("_HOME")}
    assert homes
    assert "HOME" not in environment
    assert all(value.startswith("/home/agent") for value in homes.values())
    assert environment["X"] == "1"


@pytest.mark.parametrize("name", NAMES)
def test_an_address_and_a_key(name: str) -> None:
    """The address is told where there is one; no secret is in what is written or shown."""
    one = agent(name, base_url="http://127.0.0.1:9/v1", inherit=("MY_KEY",))
    launch = one.launch(replace(WORK, model="m"), "/runs/1")
    assert "http://127.0.0.1:9/v1" in str(launch.environment)
    assert launch.inherit == one.variables
    assert one.variables[-1] == "MY_KEY"
    assert any(name.endswith("_API_KEY") for name in launch.inherit)
    assert not any(name.endswith("_API_KEY") for name in launch.environment)


@pytest.mark.parametrize(
    ("permission", "mode"),
    [(Permission.PLAN, "plan"), (Permission.EDITS, "edit"), (Permission.ALL, "yolo")],
)
def test_permissions_by_mode(permission: Permission, mode: str) -> None:
    """Gemini CLI and Qwen Code have a mode for each."""
    for name in ("gemini", "qwen"):
        argv = agent(name, permission=permission).launch(WORK, "/runs/1").argv
        assert mode in after(argv, "--approval-mode")


def test_rules_of_gemini() -> None:
    """What may be run is allowed by name; all else is refused where it is seen, not hidden."""
    launch = agent("gemini").launch(WORK, "/runs/1")
    assert after(launch.argv, "--policy") == "/runs/1/policy.toml"
    allowed, refused = tomllib.loads(launch.files["policy.toml"])["rule"]
    assert allowed["commandPrefix"] == ["sidekick report", "npm test", 'say "é"']
    assert (allowed["decision"], refused["decision"]) == ("allow", "deny")
    assert allowed["priority"] > refused["priority"]
    assert refused["interactive"] is False
    plan = agent("gemini", permission=Permission.PLAN).launch(WORK, "/runs/1").files["policy.toml"]
    assert tomllib.loads(plan)["rule"][0]["toolName"] == "exit_plan_mode"
    every = agent("gemini", permission=Permission.ALL).launch(WORK, "/runs/1").files["policy.toml"]
    assert tomllib.loads(every) == {}


def test_rules_of_qwen() -> None:
    """Commands are allowed by name, and only where edits are."""
    argv = agent("qwen").launch(WORK, "/runs/1").argv
    assert "--allowed-tools=run_shell_command(sidekick report)" in argv
    assert "--allowed-tools=run_shell_command(npm test)" in argv
    plan = agent("qwen", permission=Permission.PLAN).launch(WORK, "/runs/1").argv
    assert not any(argument.startswith("--allowed-tools") for argument in plan)
    assert not any(argument.startswith("--exclude-tools") for argument in plan)


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [("/a/b", "a/b"), ("/a/My-App_1.x é", "a/My-App_1.x é"), ("/a/!(b)[c]*,\\", "a/??b??c????")],
)
def test_qwen_edits_within_its_folder(folder: str, pattern: str) -> None:
    """Its mode accepts edits anywhere; a rule denies them elsewhere, whatever the folder's name."""
    argv = agent("qwen").launch(replace(WORK, folder=folder), "/runs/1").argv
    assert f"--exclude-tools=Edit(//!({pattern}/**))" in argv


def table(**options: Any) -> dict[str, Any]:
    """What opencode is told above its files."""
    model = "m" if "base_url" in options else ""
    launch = agent("opencode", **options).launch(replace(WORK, model=model), "/runs/1")
    found: dict[str, Any] = json.loads(launch.environment["OPENCODE_CONFIG_CONTENT"])
    return found


def test_rules_of_opencode() -> None:
    """The last rule that fits counts; where somebody is there, it asks instead of refusing."""
    rules = table()["permission"]
    assert rules["edit"] == "allow"
    assert next(iter(rules["bash"].items())) == ("*", "deny")
    assert rules["bash"]["npm test"] == rules["bash"]["npm test *"] == "allow"
    assert list(rules["bash"])[-1] != "*"
    assert table(mode=Mode.INTERACTIVE)["permission"]["bash"]["*"] == "ask"
    plan = table(permission=Permission.PLAN)["permission"]
    assert plan["edit"] == "deny"
    assert "npm test" not in plan["bash"]
    assert table(permission=Permission.ALL)["permission"] == {"*": "allow"}


def test_a_provider_of_opencode() -> None:
    """An address makes a provider of its own, which needs a model; the key is only named."""
    found = table(base_url="http://a/v1")
    assert found["provider"]["api"]["options"]["apiKey"] == "{env:OPENAI_API_KEY}"
    assert (found["model"], found["enabled_providers"]) == ("api/m", ["api"])
    with pytest.raises(AgentError, match="name it in the Model column"):
        agent("opencode", base_url="http://a/v1").launch(WORK, "/runs/1")


def test_files_of_opencode() -> None:
    """What it is taught and its plugin lie in the run's folder."""
    launch = agent("opencode", preamble="Report.").launch(WORK, "/runs/1")
    assert launch.files == {"preamble.md": "Report.", "opencode-plugin.js": plugin()}
    found = table(preamble="Report.")
    assert found["instructions"] == ["/runs/1/preamble.md"]
    assert found["plugin"] == ["file:///runs/1/opencode-plugin.js"]


def test_what_it_is_taught(tmp_path: Path) -> None:
    """Qwen Code is told at its start, Gemini CLI by a file of its home."""
    argv = agent("qwen", preamble="Report.").launch(WORK, "/runs/1").argv
    assert "--append-system-prompt=Report." in argv
    agent("gemini", home=tmp_path, preamble="Report.").seed(WORK, {})
    assert "\nReport.\n" in (tmp_path / ".gemini" / "GEMINI.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_seeding(name: str, tmp_path: Path) -> None:
    """It makes its settings, for their owner alone; what a person changes there stays."""
    one = agent(name, home=tmp_path)
    one.seed(WORK, {})
    (path,) = (*tmp_path.rglob("settings.json"), *tmp_path.rglob("opencode.json"))
    settings = json.loads(path.read_text())
    assert path.stat().st_mode & 0o077 == 0
    settings["mine"] = True
    path.write_text(json.dumps(settings))
    one.seed(WORK, {})
    assert json.loads(path.read_text()) == settings


def test_a_login_with_google(tmp_path: Path) -> None:
    """Where somebody signed in with Google in that home, no key is asked for."""
    one = agent("gemini", home=tmp_path)
    (login,) = one.logins
    login.parent.mkdir(parents=True)
    login.write_text("{}")
    one.seed(WORK, {})
    settings = json.loads((tmp_path / ".gemini" / "settings.json").read_text())
    assert settings["security"]["auth"]["selectedType"] == "oauth-personal"


DONE = Facts(ended=True, ok=True, said="Done.")
UNKNOWN = Facts(ended=True, trouble=Trouble.ERROR, message="It is raining")
ENDS = {
    "done": (0, DONE, "", Ending.COMPLETED, "Finished"),
    "no result": (0, NO_FACTS, "", Ending.CRASHED, "NoResult"),
    "no word but 429": (173, NO_FACTS, "", Ending.UNAVAILABLE, "RateLimited"),
    "no word but 503": (247, NO_FACTS, "", Ending.UNAVAILABLE, "Overloaded"),
    "no word but 401": (145, NO_FACTS, "", Ending.HELD, "AuthFailed"),
    "an unknown word and 403": (147, UNKNOWN, "", Ending.HELD, "AuthFailed"),
    "an unknown word": (1, UNKNOWN, "", Ending.CRASHED, "AgentError"),
    "no login": (41, NO_FACTS, "Please set an Auth method", Ending.HELD, "AuthFailed"),
    "an argument": (42, NO_FACTS, "Unknown argument: x", Ending.BLOCKED, "RequestRefused"),
    "too many turns": (53, NO_FACTS, "", Ending.BLOCKED, "TurnLimit"),
    "no such conversation": (
        42, NO_FACTS, "Error resuming session: Invalid session identifier \"x\".",
        Ending.FORGOTTEN, "ConversationLost",
    ),
    "crashed": (1, NO_FACTS, "boom", Ending.CRASHED, "Crashed"),
    "an odd status of a turn that went well": (173, DONE, "", Ending.CRASHED, "Crashed"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "facts", "tail", "ending", "reason"), ENDS.values(), ids=ENDS)
def test_ends_of_gemini(status: int, facts: Facts, tail: str, ending: Ending, reason: str) -> None:
    """Where its stream says little, its exit status is the HTTP status modulo 256, or its own."""
    end = Exit(Cause.EXIT, NOW, status, tail=(tail,))
    result = agent("gemini").judge(end, None, facts)
    assert (result.ending, result.reason) == (ending, reason)


@pytest.mark.parametrize(
    ("name", "said"),
    [("qwen", "No saved session found with ID c-1"), ("opencode", "Error: Session not found")],
)
def test_a_lost_conversation(name: str, said: str) -> None:
    """It is told on the last lines alone."""
    end = Exit(Cause.EXIT, NOW, 1, tail=(said, ""))
    assert agent(name).judge(end, None, NO_FACTS).ending is Ending.FORGOTTEN
    assert agent(name).judge(end, None, UNKNOWN).ending is Ending.CRASHED
