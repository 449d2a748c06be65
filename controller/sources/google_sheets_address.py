"""Which sheet is meant: by its address, its key or its title; and which of its tabs."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_IN_PATH = re.compile(r"/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{15,})")
_KEY = re.compile(r"[A-Za-z0-9_-]{15,}")


@dataclass(frozen=True, slots=True)
class SheetAddress:
    """A tab of a spreadsheet.

    Attributes:
        key: The spreadsheet's key; empty where only its title is known.
        title: Its title in Drive.
        tab: The tab's title; empty for the one of `gid`, or the first.
        gid: The tab's number, where the address has one.
    """

    key: str = ""
    title: str = ""
    tab: str = ""
    gid: int | None = None

    @classmethod
    def of(cls, url: str, title: str, tab: str) -> "SheetAddress | None":
        """What the settings mean; None where they name no sheet, or their url is none.

        Args:
            url: The address as the browser shows it, or the key alone.
            title: The title; the url beats it.
            tab: The tab's title; it beats the url's `gid`.
        """
        url = url.strip()
        if not url:
            return cls(title=title, tab=tab) if title.strip() else None
        found = _IN_PATH.search(url)
        if found is None:
            return cls(url, tab=tab) if _KEY.fullmatch(url) else None
        parts = urlsplit(url)
        words = [*parse_qs(parts.fragment).get("gid", []), *parse_qs(parts.query).get("gid", [])]
        gid = next((int(word) for word in words if word.isascii() and word.isdigit()), None)
        return cls(found[1], tab=tab, gid=None if tab else gid)

    def __str__(self) -> str:
        book = self.title or f"https://docs.google.com/spreadsheets/d/{self.key}"
        return f"{book}, tab {self.tab}" if self.tab else book


def letters(number: int) -> str:
    """A column's letters from its number, counted from 1."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def area(tab: str, cells: str) -> str:
    """A range of a tab in A1 notation."""
    quoted = tab.replace("'", "''")
    return f"'{quoted}'!{cells}"
