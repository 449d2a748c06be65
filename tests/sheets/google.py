"""Sheets v4, Drive v3 and the token endpoint over HTTP on loopback: what Google does."""

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.sheets.accounts import claims
from tests.sheets.book import Book, Tab
from tests.sheets.faults import Fault
from tests.sheets.quota import Quota
from tests.sheets.ranges import Area

_WORDS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip
_READS = frozenset({"metadata", "get", "batchGet"})
_WRITES = frozenset({"put", "write", "append", "arrange"})
_SHEETS = re.compile(r"/v4/spreadsheets/([^/:]+)(?:/values/([^:]*))?(?:/values)?(:\w+)?")
_NAME = re.compile(r"""name\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")


class Refused(Exception):
    """An error in Google's own form."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.answer = refusal(status, message, reason)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body, further headers."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        deed: "token", "find", "metadata", "get", "batchGet", "put", "write", "append" or "arrange".
        book: The spreadsheet's key.
        query: The query's values.
        body: The body's object.
        who: The e-mail address behind the token; "key" for an API key.
        range: The range in the path.
    """

    deed: str
    book: str = ""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    range: str = ""


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
            return Call("find", query=query, who=who)
        found = _SHEETS.fullmatch(parts.path)
        if found is None:
            raise Refused(404, f"no such method: {parts.path}")
        deed = {
            ("GET", None): "get" if found[2] else "metadata",
            ("PUT", None): "put",
            ("GET", ":batchGet"): "batchGet",
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
                    return _json(self._find(call))
                book = self._allowed(call)
                return _json(_DEEDS[call.deed](book, call))
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
        return _json({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

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
        reads = call.deed in _READS
        if call.who in book.writers or (reads and (book.public or call.who in book.readers)):
            return book
        raise Refused(403, "The caller does not have permission")


def refusal(status: int, message: str, reason: str = "") -> Answer:
    """An error in Google's own form."""
    error: dict[str, Any] = {
        "code": status, "message": message, "status": _WORDS.get(status, "UNKNOWN"),
    }  # fmt: skip
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason}]
    return Answer(status, json.dumps({"error": error}))


def _json(document: object) -> Answer:
    return Answer(200, json.dumps(document))


def _located(book: Book, text: str) -> tuple[Tab, Area]:
    area = Area.parse(text)
    tab = book.tab(area.tab) if area else None
    if area is None or tab is None:
        raise Refused(400, f"Unable to parse range: {text}")
    return tab, area


def _metadata(book: Book, _call: Call) -> dict[str, Any]:
    return {
        "spreadsheetId": book.id,
        "properties": {"title": book.title},
        "sheets": [
            {
                "properties": {
                    "sheetId": tab.gid,
                    "title": tab.title,
                    "index": index,
                    "gridProperties": {"columnCount": tab.width},
                },
                "protectedRanges": tab.looks.protected,
                "conditionalFormats": tab.looks.colours,
            }
            for index, tab in enumerate(book.tabs)
        ],
    }


def _values(book: Book, text: str) -> dict[str, Any]:
    tab, area = _located(book, text)
    values = tab.read(area)
    found: dict[str, Any] = {"range": text, "majorDimension": "ROWS"}
    return {**found, "values": values} if values else found


def _get(book: Book, call: Call) -> dict[str, Any]:
    return _values(book, call.range)


def _batch_get(book: Book, call: Call) -> dict[str, Any]:
    ranges = call.query.get("ranges", [])
    return {"spreadsheetId": book.id, "valueRanges": [_values(book, text) for text in ranges]}


def _update(book: Book, text: str, values: Sequence[Sequence[Any]]) -> Tab:
    tab, area = _located(book, text)
    if tab.protected:
        raise Refused(400, "You are trying to edit a protected cell or object.")
    if any(area.left + len(row) > tab.width for row in values):
        raise Refused(400, f"Range ({text}) exceeds grid limits. Max columns: {tab.width}")
    tab.write(area, values)
    return tab


def _put(book: Book, call: Call) -> dict[str, Any]:
    if call.query.get("valueInputOption") != ["RAW"]:
        raise Refused(400, "this emulator stores RAW alone")
    _update(book, call.range, call.body.get("values", []))
    return {"spreadsheetId": book.id, "updatedRange": call.range}


def _write(book: Book, call: Call) -> dict[str, Any]:
    if call.body.get("valueInputOption") != "RAW":
        raise Refused(400, "this emulator stores RAW alone")
    responses = []
    for item in call.body["data"]:
        _update(book, item["range"], item["values"])
        response = {"spreadsheetId": book.id, "updatedRange": item["range"]}
        if call.body.get("includeValuesInResponse"):
            response["updatedData"] = _values(book, item["range"])
        responses.append(response)
    return {"spreadsheetId": book.id, "responses": responses}


def _append(book: Book, call: Call) -> dict[str, Any]:
    wanted = {"valueInputOption": ["RAW"], "insertDataOption": ["INSERT_ROWS"]}
    if {**call.query, **wanted} != call.query:
        raise Refused(400, "this emulator inserts RAW rows alone")
    tab, _ = _located(book, call.range)
    if tab.protected:
        raise Refused(400, "You are trying to edit a protected cell or object.")
    tab.append(call.body["values"])
    return {"spreadsheetId": book.id}


def _arrange(book: Book, call: Call) -> dict[str, Any]:
    tab = book.tabs[0]
    for request in call.body["requests"]:
        if "appendDimension" in request:
            tab.width += request["appendDimension"]["length"]
        else:
            tab.looks.change(request)
    return {"spreadsheetId": book.id, "replies": [{} for _ in call.body["requests"]]}


_DEEDS: Mapping[str, Callable[[Book, Call], dict[str, Any]]] = {
    "metadata": _metadata, "get": _get, "batchGet": _batch_get, "put": _put, "write": _write,
    "append": _append, "arrange": _arrange,
}  # fmt: skip
