"""A Google of its own for each test, and a sheet in it."""

from collections.abc import Iterator

import pytest

from tests.sheets.emulator import Emulator, emulator


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Google on loopback."""
    monkeypatch.setenv("NO_PROXY", "*")
    with emulator() as made:
        yield made
