"""The lab as a fixture."""

from collections.abc import Iterator

import pytest

from tests.e2e.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A project folder of its own; nothing of it is left behind."""
    lab = Lab()
    try:
        yield lab
    finally:
        lab.close()
