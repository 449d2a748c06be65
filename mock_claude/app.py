"""The parts, put together."""

from starlette.applications import Starlette

from mock_claude.accounts import Accounts
from mock_claude.control import Control
from mock_claude.director import DEFAULT_SCRIPT, Director
from mock_claude.journal import Journal
from mock_claude.metrics import Metrics
from mock_claude.service import Service

WINDOW = 5 * 3600.0
"""Seconds of a key's window, as subscriptions have it."""


def build(
    *, limit: int | None = None, window: float = WINDOW, default: str = DEFAULT_SCRIPT
) -> Starlette:
    """The mock as an ASGI application.

    Args:
        limit: Tokens that each key may spend in a window; None: as many as it likes.
        window: Seconds of a window.
        default: The script of conversations that bring none.

    Raises:
        ScriptError: The default script is none.
    """
    accounts, journal, metrics = Accounts(limit, window), Journal(), Metrics()
    director = Director(accounts, default)
    parts = (director, accounts, journal, metrics)
    return Starlette(routes=[*Service(*parts).routes(), *Control(*parts).routes()])
