"""A webhook as a fixture."""

from collections.abc import Iterator

import pytest

from tests.notify.webhook import Webhook


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A real HTTP server on loopback."""
    webhook = Webhook()
    yield webhook
    webhook.close()
