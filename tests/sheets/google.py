"""Sheets v4, Drive v3 and the token endpoint over HTTP on loopback: what Google does."""

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.sheets.accounts import claims
from tests.sheets.book import Book
from tests.sheets.calls import Answer, Call, Refused, answer_of
from tests.sheets.deeds import DEEDS
from tests.sheets.faults import Fault
from tests.sheets.quota import Quota

_READS = frozenset({"metadata", "get", "batchGet", "filter"})
_WRITES = frozenset({"put", "write", "append", "arrange"})
_SHEETS = re.compile(r"/v4/spreadsheets/([^/:]+)(?:/values/([^:]*))?(?:/values)?(:\w+)?")
_NAME = re.compile(r"""name\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


class Google:
    """All spreadsheets, and who may do what.

    Attributes:
        books: Key → spreadsheet.
        faults: Deed → what goes wrong with its next requests, in order.
        before: Called before a deed is done, with its name: the place for an edit that races.
        calls: How often each deed was asked for.
        token_error: While set, no token is given: the error and its description.
        keys: API keys that are known.
        reads: The quota of reads.
        writes: The quota of writes.
    """

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}
        self.faults: dict[str, deque[Fault]] = {}
        self.before: Callable[[str], None] | None = None
        self.calls: Counter[str] = Counter()
        self.token_error: tuple[str, str] | None = None
        self.keys: set[str] = set()
        self.reads = Quota()
        self.writes = Quota()
        self.lock = RLock()
        self._tokens: dict[str, str] = {}

    def fail(self, deed: str, *faults: Fault) -> None:
        """Let the next requests for a deed go wrong."""
        self.faults.setdefault(deed, deque()).extend(faults)

    def token_of(self, who: str) -> str:
        """A new access token of an account."""
        token = f"token-{len(self._tokens)}-{self.calls['token']}"
        self._tokens[token] = who
        return token

    def revoke(self) -> None:
        """Forget every token that was given."""
        self._tokens.clear()

    def call_of(self, method: str, target: str, headers: Mapping[str, str], data: bytes) -> Call:
        """What a request asks for.

        Raises:
            Refused: Nothing that is known, or nobody that is known.
        """
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        if parts.path == "/token":
            return Call("token", query=parse_qs(data.decode()))
        body = json.loads(data) if data else {}
        who = self._who(headers, query)
        if parts.path.startswith("/drive/v3/files"):
            key = parts.path.removeprefix("/drive/v3/files").strip("/")
            return Call("file" if key else "find", key, query, who=who)
        found = _SHEETS.fullmatch(parts.path)
        if found is None:
            raise Refused(404, f"no such method: {parts.path}")
        deed = {
            ("GET", None): "get" if found[2] else "metadata",
            ("PUT", None): "put",
            ("GET", ":batchGet"): "batchGet",
            ("POST", ":batchGetByDataFilter"): "filter",
            ("POST", ":batchUpdate"): "write" if "/values:" in parts.path else "arrange",
            ("POST", ":append"): "append",
        }.get((method, found[3]))
        if deed is None:
            raise Refused(404, f"no such method: {method} {parts.path}")
        return Call(deed, found[1], query, body, who, unquote(found[2] or ""))

    def fault(self, call: Call) -> Fault | None:
        """What goes wrong with this request."""
        waiting = self.faults.get(call.deed)
        return waiting.popleft() if waiting else None

    def do(self, call: Call) -> Answer:
        """Do what is asked for."""
        if self.before is not None:
            self.before(call.deed)
        with self.lock:
            try:
                self._count(call.deed)
                if call.deed == "token":
                    return self._token(call)
                if call.deed == "find":
                    return answer_of(self._find(call))
                book = self._allowed(call)
                return answer_of(DEEDS[call.deed](book, call))
            except Refused as refused:
                return refused.answer

    def _who(self, headers: Mapping[str, str], query: Mapping[str, Sequence[str]]) -> str:
        key = headers.get("x-goog-api-key") or next(iter(query.get("key", ())), "")
        if key:
            if key not in self.keys:
                raise Refused(400, "API key not valid. Please pass a valid API key.", "API_KEY")
            return "key"
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            raise Refused(401, "Request had invalid authentication credentials.")
        return self._tokens[token]

    def _count(self, deed: str) -> None:
        self.calls[deed] += 1
        quotas = (("Read", deed in _READS, self.reads), ("Write", deed in _WRITES, self.writes))
        for word, counts, quota in quotas:
            if counts and not quota.take():
                text = f"Quota exceeded for quota metric '{word} requests' and limit 'per minute'"
                raise Refused(429, text, "RATE_LIMIT_EXCEEDED")

    def _token(self, call: Call) -> Answer:
        if self.token_error:
            error, description = self.token_error
            text = json.dumps({"error": error, "error_description": description})
            return Answer(400, text)
        token = self.token_of(str(claims(call.query["assertion"][0])["iss"]))
        return answer_of({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def _find(self, call: Call) -> dict[str, Any]:
        found = _NAME.search(call.query.get("q", [""])[0])
        title = (found[1] or found[2] or "").replace('\\"', '"') if found else ""
        files = [
            {"id": book.id, "name": book.title}
            for book in self.books.values()
            if book.title == title and call.who in book.readers | book.writers
        ]
        return {"files": files}

    def _allowed(self, call: Call) -> Book:
        book = self.books.get(call.book)
        if book is None:
            raise Refused(404, "Requested entity was not found.")
        reads = call.deed in (*_READS, "file")
        if call.who in book.writers or (reads and (book.public or call.who in book.readers)):
            return book
        raise Refused(403, "The caller does not have permission")
