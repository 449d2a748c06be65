"""What others could change or read: the doctor's findings; and what Python itself is slipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from controller.cli.exposure import exposure
from controller.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder in which all is well."""
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    (tmp_path / "desired").mkdir(mode=0o755)
    (tmp_path / "desired" / "priorities.csv").touch(mode=0o644)
    for name in ("state", "logs", "runs"):
        (tmp_path / name).mkdir(mode=0o700)
    secrets = tmp_path / "agent.env"
    secrets.touch(mode=0o600)
    (tmp_path / "key.json").touch(mode=0o600)
    (tmp_path / "config.yaml").write_text(
        f"agents: {{claude: {{command: [x], secrets_file: {secrets}}}}}\n"
        "priority_source: {sheets: {credentials_file: key.json}}\n"
    )
    return tmp_path


def settings(project: Path, **environment: str) -> Settings:
    """Its settings."""
    return load_settings(project / "config.yaml", environment)


def test_all_is_well(project: Path) -> None:
    """One line says so."""
    ((fine, what, _),) = exposure(settings(project))
    assert (fine, what) == (True, "trust")


@pytest.mark.parametrize(
    ("name", "mode", "text"),
    [
        ("config.yaml", 0o646, "may be written by everybody"),
        ("desired", 0o757, "may be written by everybody"),
        ("desired/priorities.csv", 0o666, "may be written by everybody"),
        (".", 0o777, "may be written by everybody"),
        ("state", 0o755, "chmod 700"),
        ("logs", 0o750, "chmod 700"),
        ("runs", 0o701, "chmod 700"),
        ("agent.env", 0o640, "chmod 600"),
        ("key.json", 0o644, "chmod 600"),
    ],
)
def test_what_is_open_to_others(project: Path, name: str, mode: int, text: str) -> None:
    """It is named, with what to do."""
    path = (project / name).resolve()
    path.chmod(mode)
    found = [said for fine, _, said in exposure(settings(project)) if not fine]
    assert len(found) == 1
    assert str(path) in found[0]
    assert text in found[0]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_group_and_another_owner(project: Path) -> None:
    """A group that may write is a finding where it is more than the user's own."""
    config = project / "config.yaml"
    config.chmod(0o664)
    assert all(fine for fine, _, _ in exposure(settings(project)))
    os.chown(config, 0, 65534)
    ((fine, _, text),) = exposure(settings(project))
    assert (fine, "may be written by a group" in text) == (False, True)
    os.chown(config, 12345, 0)
    ((fine, _, text),) = exposure(settings(project))
    assert (fine, "belongs to another user (uid 12345)" in text) == (False, True)


def test_off_loopback(project: Path) -> None:
    """Whoever reaches it is told of."""
    found = list(exposure(settings(project, SIDEKICK_SERVER_HOST="0.0.0.0")))
    assert [fine for fine, _, _ in found] == [True, True]
    assert found[1][2].startswith("0.0.0.0: ")


def test_a_folder_with_modules_of_its_own(tmp_path: Path) -> None:
    """`python -m controller` there takes no yaml.py of the folder for the library."""
    for name in ("yaml", "pydantic", "argparse", "json", "rich"):
        (tmp_path / f"{name}.py").write_text(f"open('caught', 'a').write('{name}')")
    done = subprocess.run(
        [sys.executable, "-m", "controller", "config", "schema"],
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "caught").exists()


def test_no_dump() -> None:
    """The controller's memory holds keys: it is never dumped; what it starts may be."""
    ask = "import ctypes; print(ctypes.CDLL(None).prctl(3))"
    code = (
        f"import subprocess, sys; from controller.cli import dumps; dumps.forbid(); {ask}; "
        f"sys.stdout.flush(); subprocess.run([sys.executable, '-c', {ask!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == ["0", "1"]
