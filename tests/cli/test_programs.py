"""What `doctor` says of the agents."""

import os
from pathlib import Path

import pytest

from controller.cli.programs import programs
from controller.settings import load_settings

REPOSITORY = Path(__file__).resolve().parents[2]
AGENTS = """
default_agent: claude
agents:
  claude: {}
  own: { command: [no-such-program, "{prompt}"] }
  gone: { command: [sh], enabled: false }
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Said":
    """A machine with Claude Code's program, and nothing in its environment."""
    for name in os.environ:
        if name.startswith(("SIDEKICK", "ANTHROPIC", "CLAUDE")):
            monkeypatch.delenv(name)
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
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
