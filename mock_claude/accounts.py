"""Accounts: how many tokens each key may spend in a window of time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

KEYS_AT_MOST = 1000
"""Keys that are remembered; the one that was used longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one key has.

    Attributes:
        limit: Tokens a window; None where it is without limit.
        window: Seconds.
        used: Tokens spent in the window.
        reset_at: The window's end, seconds since the epoch.
        revoked: Whether the key is refused.
    """

    limit: int | None
    window: float
    used: int = 0
    reset_at: float = 0.0
    revoked: bool = False

    @property
    def remaining(self) -> int | None:
        """Tokens that are left; None where there is no limit."""
        return None if self.limit is None else max(0, self.limit - self.used)


class Accounts:
    """The accounts of all keys; safe to use from several threads.

    Args:
        limit: Tokens a window of a key that nothing else was said of; None: without limit.
        window: Seconds of such a key's window.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, limit: int | None, window: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._limit = limit
        self._window = window
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._lock = Lock()

    def account(self, key: str) -> Account:
        """A key's account, in the window that is now."""
        with self._lock:
            return self._now(key)

    def spend(self, key: str, tokens: int) -> None:
        """Take tokens from a key; the last answer of a window may take more than was left."""
        with self._lock:
            account = self._now(key)
            self._keep(key, _replaced(account, used=account.used + tokens))

    def put(
        self,
        key: str,
        *,
        limit: int | None = None,
        window: float | None = None,
        used: int | None = None,
        revoked: bool | None = None,
    ) -> Account:
        """Set what is given of a key; a new window begins where one of its numbers is."""
        with self._lock:
            account = self._now(key)
            window = account.window if window is None else window
            anew = limit is not None or used is not None or window != account.window
            account = Account(
                limit=account.limit if limit is None else limit,
                window=window,
                used=account.used if used is None else used,
                reset_at=self._clock() + window if anew else account.reset_at,
                revoked=account.revoked if revoked is None else revoked,
            )
            self._keep(key, account)
            return account

    def all(self) -> dict[str, Account]:
        """Every key that was used or set."""
        with self._lock:
            return {key: self._now(key) for key in list(self._accounts)}

    def clear(self) -> None:
        """Forget all that was spent and set."""
        with self._lock:
            self._accounts.clear()

    def _now(self, key: str) -> Account:
        account = self._accounts.get(key) or Account(self._limit, self._window)
        now = self._clock()
        if now >= account.reset_at:
            account = _replaced(account, used=0, reset_at=now + account.window)
            self._keep(key, account)
        return account

    def _keep(self, key: str, account: Account) -> None:
        self._accounts.pop(key, None)
        self._accounts[key] = account
        if len(self._accounts) > KEYS_AT_MOST:
            del self._accounts[next(iter(self._accounts))]


def _replaced(account: Account, *, used: int, reset_at: float | None = None) -> Account:
    at = account.reset_at if reset_at is None else reset_at
    return Account(account.limit, account.window, used, at, account.revoked)
