"""The desk as a fixture."""

from collections.abc import Iterator

import pytest

from tests.cli.desk import Desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A project's folder with the command at hand; nothing of it is left behind."""
    desk = Desk(monkeypatch, capsys)
    try:
        yield desk
    finally:
        desk.clear()
