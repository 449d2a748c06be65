"""What `doctor` says of the agents."""

import os
from pathlib import Path

import pytest

from controller.agents.base import Mode
from controller.cli.programs import programs
from controller.core.observed import Words
from controller.core.workload import Workload
from controller.parts.agents import build_agents
from controller.redaction import is_secret
from controller.settings import load_settings

REPOSITORY = Path(__file__).resolve().parents[2]
AGENTS = """
default_agent: claude
agents:
  claude: {}
  own: { command: [no-such-program, "{prompt}"] }
  gone: { command: [sh], enabled: false }
"""
FAMILIES = ("claude", "codex", "gemini", "qwen", "opencode", "aider")
"""Those that are built in."""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Said":
    """A machine with the agents' programs, and no key in its environment."""
    for name in os.environ:
        if name.startswith(("SIDEKICK", "ANTHROPIC", "CLAUDE")) or is_secret(name):
            monkeypatch.delenv(name)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("claude", *FAMILIES):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    (tmp_path / "schemas").symlink_to(REPOSITORY / "schemas")
    return Said(tmp_path)


class Said:
    """What is said of each agent of a config.yaml in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, more: str = "", agents: str = AGENTS) -> dict[str, tuple[bool, str]]:
        """Agent → whether it is as it should be, and what is said."""
        (self.folder / "config.yaml").write_text(agents + more)
        settings = load_settings(self.folder / "config.yaml", os.environ)
        return {name: (fine, text) for fine, name, text in programs(settings)}


def test_the_shipped_settings(said: Said) -> None:
    """The demo needs none of the agents that they name."""
    found = said(agents=(REPOSITORY / "config.yaml").read_text())
    assert {"demo", "claude", "codex", "gemini", "qwen", "opencode", "aider"} <= set(found)
    assert all(fine for fine, _ in found.values())


def test_what_lacks_a_program_or_a_key(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a row can ask for is a fault; a key, a login or a secrets file mends it."""
    fine, text = said()["claude"]
    assert not fine
    assert "neither key nor login: set ANTHROPIC_API_KEY" in text
    fine, text = said()["own"]
    assert fine
    assert "not needed now (the program no-such-program is not on the PATH" in text
    assert said()["gone"] == (True, "off: its rows take the next of their route, or wait")

    fine, text = said("models: { Own: [{ agent: own }] }")["own"]
    assert not fine
    assert "set agents.own.command" in text

    with monkeypatch.context() as patch:
        patch.setenv("ANTHROPIC_API_KEY", "sk-secret")
        fine, text = said()["claude"]
        assert fine
        assert text.endswith("signs in with ANTHROPIC_API_KEY")
    login = said.folder / "homes" / "claude" / ".credentials.json"
    login.parent.mkdir(parents=True)
    login.write_text("{}")
    assert said()["claude"] == (
        True,
        f"{said.folder}/bin/claude; signs in with the login in {login}",
    )


def test_programs_that_are_in_another_container(said: Said) -> None:
    """They are not looked for where the controller runs."""
    own = AGENTS.replace("default_agent: claude", "default_agent: own")
    external = "tmux: { server: external }\npaths: { socket: /run/sidekick/tmux }\n"
    fine, text = said(external, own)["own"]
    assert fine
    assert "where the tmux server runs" in text


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("mode", list(Mode))
def test_what_a_start_seeds_is_no_login(said: Said, family: str, mode: Mode) -> None:
    """Each family's home is made ready before its first start; nobody signed in by that."""
    agents = f"default_agent: {family}\nagents: {{ {family}: {{ mode: {mode.value} }} }}\n"
    assert "neither key nor login" in said(agents=agents)[family][1]
    agent = build_agents(load_settings(said.folder / "config.yaml", os.environ))[family]
    agent.seed(workload(said.folder, family), {})
    fine, text = said(agents=agents)[family]
    assert not fine
    assert "neither key nor login" in text


@pytest.mark.parametrize(
    "settings",
    ['{"security": {"auth": {"apiKey": "sk-secret"}}}', '{"env": {"OPENAI_API_KEY": "sk-secret"}}'],
)
def test_a_key_in_qwens_settings_is_a_login(said: Said, settings: str) -> None:
    """Its `/auth` writes one there; other settings, or no JSON at all, sign nobody in."""
    agents = "default_agent: qwen\nagents: { qwen: {} }\n"
    path = said.folder / "homes" / "qwen" / "settings.json"
    path.parent.mkdir(parents=True)
    for other in ('{"ui": {"theme": "dark"}}', "{", "[]", '{"env": 3}'):
        path.write_text(other)
        assert "neither key nor login" in said(agents=agents)["qwen"][1]
    path.write_text(settings)
    fine, text = said(agents=agents)["qwen"]
    assert fine
    assert text.endswith(f"signs in with the login in {path}")


def test_aiders_keys(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is handed on those that it reads; at an address of its own, only what is meant for it."""
    agents = "default_agent: aider\nagents: { aider: {} }\n"
    assert "set OPENAI_API_KEY, ANTHROPIC_API_KEY" in said(agents=agents)["aider"][1]
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    fine, text = said(agents=agents)["aider"]
    assert fine
    assert text.endswith("signs in with ANTHROPIC_API_KEY")

    own = agents.replace("{}", "{ base_url: http://localhost:1/v1 }")
    assert "has no key, and asks http://localhost:1/v1" in said(agents=own)["aider"][1]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    assert said(agents=own)["aider"][1].endswith("signs in with OPENAI_API_KEY")


def workload(folder: Path, agent: str) -> Workload:
    """What a start needs to know."""
    words = Words("digest")
    return Workload("App", "app", agent, "", "do it", str(folder), words, conversation="talk")
