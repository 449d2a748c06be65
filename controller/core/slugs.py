"""Slugs: safe, unique, lasting names for sessions and folders."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import chain, count

LIMIT = 40
_UNSAFE = re.compile(r"[^a-z0-9]+")


def plain_slug(name: str) -> str:
    """The name in `[a-z0-9-]`, at most 40 characters; empty where nothing of it is left."""
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _UNSAFE.sub("-", ascii_text.lower()).strip("-")[:LIMIT].strip("-")


def hashed_slug(name: str, salt: int = 0) -> str:
    """The plain slug with a short hash of the true name; another one for another salt."""
    text = f"{name}/{salt}" if salt else name
    mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain_slug(name) or 'project'}-{mark}"


def assign(names: Iterable[str], taken: Mapping[str, str]) -> dict[str, str]:
    """Give each new name a slug of its own.

    Args:
        names: Names without a slug yet.
        taken: Slug → name, for those given out before; they stay.

    Returns:
        Name → slug: the plain one, or with a hash where the plain one is empty, cut short, taken,
        or wanted by two of the new names. (Which of two came first must not decide: the list may
        be sorted differently after a loss of memory.)
    """
    new = list(dict.fromkeys(names))
    wanted = Counter(plain_slug(name) for name in new)
    slugs = {}
    used = dict(taken)
    for name in new:
        slug = plain_slug(name)
        free = slug and wanted[slug] == 1 and len(slug) < LIMIT
        tries = (hashed_slug(name, salt) for salt in count())
        candidates = chain([slug] if free else [], tries)
        slugs[name] = next(item for item in candidates if used.setdefault(item, name) == name)
    return slugs
