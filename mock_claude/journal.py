"""The journal: what was asked and how it was answered, the newest last."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

ENTRIES = 500
BODY_BYTES = 64 * 1024
"""So much of a request's body is kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        number: Counted from 1.
        at: Seconds since the epoch.
        api: Which API it came by.
        path: The path.
        key: The end of the key; never the whole.
        model: The model.
        prompt: The newest prompt.
        turns: How many turns were answered since.
        answer: What the answer was: `text`, a tool's name, a failure's kind.
        status: The HTTP status.
        body: The body's first bytes, as text.
    """

    number: int
    at: float
    api: str
    path: str
    key: str
    model: str
    prompt: str
    turns: int
    answer: str
    status: int
    body: str


class Journal:
    """A ring of entries; safe to use from several threads."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=ENTRIES)
        self._count = 0
        self._lock = Lock()

    def add(self, **fields: Any) -> None:
        """Write an entry; its number comes by itself."""
        with self._lock:
            self._count += 1
            self._entries.append(Entry(number=self._count, **fields))

    def entries(self, *, after: int = 0) -> list[Mapping[str, Any]]:
        """What was written after an entry's number."""
        with self._lock:
            return [asdict(entry) for entry in self._entries if entry.number > after]

    def clear(self) -> None:
        """Forget all; numbers go on."""
        with self._lock:
            self._entries.clear()


def shown(body: Mapping[str, Any]) -> str:
    """A body as it is kept."""
    return json.dumps(body, ensure_ascii=False)[:BODY_BYTES]


def masked(key: str) -> str:
    """A key as it may be shown: a real one may be given to a mock by mistake."""
    return f"…{key[-4:]}" if len(key) > 8 else "…" * bool(key)
