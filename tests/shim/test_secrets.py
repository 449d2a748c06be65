"""A file of secrets that only the session's own place has."""

import os
from pathlib import Path

import pytest

from tests.shim.world import Run


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The file, not there yet."""
    return tmp_path / "agent.env"


def test_its_variables_are_the_agents(run: Run, secrets: Path) -> None:
    """As they are; they beat those of `env`, and nothing beats the run's own."""
    text = '# a comment\n\nA=1=2 "x" $A\r\nB=\nC=own\nSIDEKICK_RUN_ID=forged\n_D9=d'
    secrets.write_text(text)
    run.put("env", '{"C": "handed on", "E": "e"}')
    run.shell(
        'printf "%s|" "$A" "$B" "$C" "$_D9" "$E" "$SIDEKICK_RUN_ID" >out', secrets=str(secrets)
    )
    assert run.complete()["cause"] == "exit"
    assert (run.work / "out").read_text() == f'1=2 "x" $A||own|d|e|{run.id}|'
    assert secrets.read_text().replace("\r", "") == text.replace("\r", "")


@pytest.mark.parametrize(
    ("content", "line"),
    [("hush", 1), ("A=1\nexport B=hush", 2), ("=hush", 1), ("A=hu\0sh", 1), ("A B=hush", 1)],
)
def test_a_line_that_is_none(run: Run, secrets: Path, content: str, line: int) -> None:
    """Its number is told, and nothing of it."""
    secrets.write_text(content)
    run.shell("touch ran", secrets=str(secrets))
    record = run.complete()
    assert (record["cause"], record["reason"]) == ("start", "SecretsInvalid")
    assert record["message"] == f"Line {line} of the secrets file {secrets} is no NAME=VALUE."
    assert not (run.work / "ran").exists()


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "long"])
def test_a_file_that_cannot_be_read(run: Run, secrets: Path, kind: str) -> None:
    """Whatever is there instead, the agent does not run without its secrets, and nothing hangs."""
    if kind == "folder":
        secrets.mkdir()
    elif kind == "pipe":
        os.mkfifo(secrets)
    elif kind == "long":
        secrets.write_text("A=hush\n" * 100_000)
    run.shell("touch ran", secrets=str(secrets))
    record = run.complete()
    assert (record["cause"], record["reason"]) == ("start", "SecretsUnreadable")
    assert str(secrets) in record["message"]
    assert "hush" not in record["message"]
    assert not (run.work / "ran").exists()


def test_a_path_that_is_not_absolute(run: Run) -> None:
    """Whose folder would it be taken from?"""
    run.shell("true", secrets="agent.env")
    record = run.complete()
    assert (record["reason"], "secrets" in record["message"]) == ("SpecInvalid", True)


def test_what_the_surroundings_slip_to_python(run: Run, tmp_path: Path) -> None:
    """Modules of the folder it starts in, and Python's own variables, never get into the shim."""
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("posix", "json", "os", "site", "sitecustomize", "usercustomize", "encodings"):
        (trap / f"{name}.py").write_text(f"open({str(tmp_path / 'caught')!r}, 'a').write('{name}')")
    path = {"PYTHONPATH": str(trap), "PYTHONHOME": str(trap), "PYTHONSTARTUP": f"{trap}/os.py"}
    environment = {"PATH": "/usr/bin:/bin", "PYTHONINSPECT": "1", "PYTHONUSERBASE": str(trap)}
    run.shell("echo fine")
    run.complete(cwd=trap, env=path | environment)
    assert run.log() == "fine\n"
    assert not (tmp_path / "caught").exists()
