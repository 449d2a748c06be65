"""A folder with a config.yaml that can be anything."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.settings import Settings, SettingsInvalid, load_settings

REPOSITORY = Path(__file__).parents[2]


class Project:
    """A project's folder: config.yaml beside schemas/."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        (folder / "schemas").symlink_to(REPOSITORY / "schemas")

    def load(self, content: str | bytes, **environment: str) -> Settings:
        """The settings that a config.yaml and an environment make."""
        self.config.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_settings(self.config, environment)

    def faults(self, content: str | bytes, **environment: str) -> list[str]:
        """The lines that refuse them, the file's own path left out."""
        with pytest.raises(SettingsInvalid) as caught:
            self.load(content, **environment)
        assert caught.value.reason == "SettingsInvalid"
        assert "\n".join(caught.value.faults) == caught.value.message
        return [fault.removeprefix(str(self.config)) for fault in caught.value.faults]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder for a config.yaml."""
    return Project(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same for many examples of one test."""
    return Project(tmp_path_factory.mktemp("settings"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "schemas").symlink_to(REPOSITORY / "schemas")
        yield folder
