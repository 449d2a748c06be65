"""What an agent signs in with is told apart without being known."""

from pathlib import Path

from controller.agents.base import Options
from controller.agents.claude import Claude
from controller.credentials import fingerprint


def test_what_counts_as_other_credentials(tmp_path: Path) -> None:
    """Another key, another login, another secrets file; nothing of them is in the digest."""
    agent = Claude(Options(name="claude", program="claude", home=tmp_path))
    secrets = tmp_path / "claude.env"
    seen = [fingerprint(agent, {}), fingerprint(agent, {"ANTHROPIC_API_KEY": "sk-one"})]
    (tmp_path / ".credentials.json").write_text("{}")
    seen.append(fingerprint(agent, {}))
    seen.append(fingerprint(agent, {}, str(secrets)))
    secrets.write_text("ANTHROPIC_API_KEY=sk-two\n")
    seen.append(fingerprint(agent, {}, str(secrets)))

    assert len(set(seen)) == len(seen)
    assert fingerprint(agent, {}, str(secrets)) == seen[-1]
    assert "sk-" not in "".join(seen)
