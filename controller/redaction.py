"""Secrets, taken out of what is written and shown.

The shim and the agent's own reports use this too: it imports nothing. It works on bytes, and
searches by `bytes.find`, which is ten times as fast as a regular expression.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Span = tuple[int, int]
    """Where a secret begins and ends."""

LEAST = 8
"""Bytes of a secret: a shorter one is a word like others, and would tear holes into every text."""

MASK = b"[redacted]"

HIDDEN = b"SIDEKICK_HIDDEN"
"""The variable that tells an agent's hooks and reports which others are secrets, too: their names,
with commas between them."""

_WORDS = frozenset(
    (
        *("KEY", "APIKEY", "TOKEN", "SECRET", "SECRETS", "PASSWORD", "PASSWD", "PASSPHRASE"),
        *("PASS", "CREDENTIAL", "CREDENTIALS", "COOKIE", "JWT", "PAT"),
    )
)
_PLACES = frozenset(("FILE", "PATH", "DIR", "URL", "NAME", "HELPER"))
"""What a variable's name ends with that only says where a secret is."""

_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ALNUM = _UPPER + _UPPER.lower()
_TOKEN = _ALNUM + b"_-"
_BEARER = b"earer "
"""RFC 6750's word before a key, with whichever B; it stays."""
_SHAPES = (
    (b"sk-", 20, _TOKEN),  # OpenAI, Anthropic
    (b"AIza", 30, _TOKEN),  # Google
    (b"ghp_", 30, _ALNUM),  # GitHub
    (b"gho_", 30, _ALNUM),
    (b"ghs_", 30, _TOKEN + b"."),
    (b"github_pat_", 30, _TOKEN),
    (b"AKIA", 16, _UPPER),  # AWS
    (_BEARER, 16, _TOKEN + b".~+/="),
)
"""How keys begin, of how many characters more they are made at least, and of which."""

_RAREST = {
    **{prefix: prefix[-1:] for prefix, _, _ in _SHAPES},
    b"AIza": b"z",
    b"AKIA": b"K",
}
"""The byte of each beginning that the fewest texts have."""

_LONGEST = 4096
"""Bytes of a key that is known by its shape."""
_BEFORE = 2
"""Bytes before a key that tell whether it begins there."""
_ESCAPED = b"nrtbf"


def is_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret, as `ANTHROPIC_API_KEY` does."""
    words = name.upper().split("_")
    return words[-1] not in _PLACES and not _WORDS.isdisjoint(words)


def secret_values(environment: "Mapping[bytes, bytes]") -> list[bytes]:
    """The secrets of an environment: by its variables' names, and passwords within addresses.

    Args:
        environment: Variable → value.
    """
    named = environment.get(HIDDEN, b"").split(b",")
    found = []
    for name, value in environment.items():
        if name in named or is_secret(name.decode("ascii", "replace")):
            found.append(value)
        elif b"://" in value:
            user, at, _ = value.partition(b"://")[2].partition(b"/")[0].rpartition(b"@")
            if at:
                found.append(user.partition(b":")[2])
    return found


class Redactor:
    """Takes secrets out of a stream, wherever it is cut, or out of whole texts.

    Besides the given values, keys of well-known shapes are secrets. Not found is what was encoded,
    or drawn by a terminal's program in several pieces.

    Args:
        values: Secrets. Of one of several lines each line counts; a line below `LEAST` bytes does
            not. Their forms within JSON count too.
    """

    def __init__(self, values: "Iterable[bytes]" = ()) -> None:
        self._values: list[bytes] = []
        self._held = b""
        self._before = b""
        self.know(values)

    def know(self, values: "Iterable[bytes]") -> None:
        """Learn more secrets."""
        lines = {line.strip() for value in values for line in value.splitlines()}
        long = [line for line in lines if len(line) >= LEAST]
        forms = {form for line in long for form in (line, *_in_json(line))}
        self._values = sorted(forms.union(self._values), key=len, reverse=True)

    def learn(self, other: "Redactor") -> None:
        """Learn the secrets that another one knows."""
        self.know(other._values)  # noqa: SLF001 - of its own class

    def another(self) -> "Redactor":
        """One for another stream that knows the same secrets."""
        made = Redactor()
        made._values = self._values
        return made

    def feed(self, data: bytes) -> bytes:
        """Take the next part of the stream.

        Args:
            data: The part, cut anywhere.

        Returns:
            The same without secrets; an end that may be the beginning of one is held back.
        """
        return self._pass_on(data, last=False)

    def end(self) -> bytes:
        """Return what was held back."""
        return self._pass_on(b"", last=True)

    def whole(self, data: bytes) -> bytes:
        """Take the secrets out of a text that is whole."""
        spans, _ = self.find(data, last=True)
        return _masked(data, spans, 0, len(data)) if spans else data

    def text(self, text: str) -> str:
        """Take the secrets out of a text that is whole."""
        data = text.encode("utf-8", "surrogatepass")
        spans, _ = self.find(data, last=True)
        if not spans:
            return text
        return _masked(data, spans, 0, len(data)).decode("utf-8", "surrogatepass")

    def find(self, data: bytes, last: bool) -> "tuple[list[Span], int]":
        """Find the secrets.

        Args:
            data: Where.
            last: Whether nothing follows.

        Returns:
            Where they are, in order, none over another; and where that begins which must be looked
            at again with what follows.
        """
        found = [span for value in self._values for span in _each(data, value)]
        keep = len(data)
        for prefix, least, body in _SHAPES:
            # A single byte is looked for thirty times as fast; many texts lack it.
            at = data.find(prefix) if _RAREST[prefix] in data else -1
            while at >= 0:
                end = _end_of(data, at + len(prefix), body)
                if _begins(data, at, prefix):
                    if end == len(data):
                        keep = min(keep, at)
                    if end - at - len(prefix) >= least and _is_key(data, at, end, prefix):
                        found.append((at + len(prefix) if prefix == _BEARER else at, end))
                at = data.find(prefix, end)
        spans = _joined(found)
        if last:
            return spans, len(data)
        keep = min([keep, *(_beginning(data, value) for value in self._values)])
        for prefix, _, _ in _SHAPES:
            at = _beginning(data, prefix)
            if at < keep and _begins(data, at, prefix):
                keep = at
        for start, end in reversed(spans):
            if start < keep < end:
                keep = start
        return [span for span in spans if span[1] <= keep], keep

    def _pass_on(self, data: bytes, last: bool) -> bytes:
        known = len(self._before)
        whole = self._before + self._held + data
        spans, keep = self.find(whole, last)
        keep = max(keep, known)
        shown = _masked(whole, spans, known, keep)
        self._held = whole[keep:]
        self._before = whole[max(0, keep - _BEFORE) : keep]
        return shown


def _masked(data: bytes, spans: "list[Span]", start: int, end: int) -> bytes:
    parts = []
    for begin, over in spans:
        if over > start:
            parts += [data[start:begin], MASK]
            start = over
    return b"".join((*parts, data[start:end])) if parts or start or end < len(data) else data


def _each(data: bytes, part: bytes) -> "Iterable[Span]":
    at = data.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = data.find(part, at + len(part))


def _end_of(data: bytes, start: int, body: bytes) -> int:
    """Where a run of characters ends."""
    for length in (64, _LONGEST):
        part = data[start : start + length]
        if rest := part.lstrip(body):
            return start + len(part) - len(rest)
    return start + len(part)


def _begins(data: bytes, start: int, prefix: bytes) -> bool:
    """Whether a key can begin here, not in the midst of a word as in `task-…`."""
    before = data[max(0, start - _BEFORE) : start]
    if prefix == _BEARER:
        return before[-1:] in (b"b", b"B")
    if prefix != b"sk-" or not before or before[-1] not in _TOKEN:
        return True
    if before[-1:] == b"m":  # the end of a colour, perhaps
        return before[:1].isdigit() or before[:1] in (b"[", b";")
    return before[:1] == b"\\" and before[-1] in _ESCAPED


def _is_key(data: bytes, start: int, end: int, prefix: bytes) -> bool:
    """Whether it is no name of many words, which has no digit."""
    return prefix != b"sk-" or any(0x30 <= byte <= 0x39 for byte in data[start:end])


def _beginning(data: bytes, value: bytes) -> int:
    """Where an end of the data begins that is a beginning of the value; its length for none."""
    at = data.find(value[:1], max(0, len(data) - len(value) + 1))
    while at >= 0:
        if value.startswith(data[at:]):
            return at
        at = data.find(value[:1], at + 1)
    return len(data)


def _joined(spans: "list[Span]") -> "list[Span]":
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _in_json(line: bytes) -> list[bytes]:
    """How a line stands within a JSON text, where that is another way."""
    text = line.decode("utf-8", "surrogateescape")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = "".join(char if char.isascii() else _units(char) for char in escaped)
    forms = {each for form in (escaped, plain) for each in (form, form.replace("/", "\\/"))}
    return [form.encode("utf-8", "surrogateescape") for form in forms - {text}]


def _units(char: str) -> str:
    """A character as JSON's escapes of UTF-16."""
    units = char.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs)
