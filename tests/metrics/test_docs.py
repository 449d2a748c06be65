"""docs/metrics.md tells of every family, and of no other."""

import re
from pathlib import Path

from controller.metrics import Metrics
from controller.metrics.reasons import LIMIT
from tests.metrics.reports import busy, families, series
from tests.metrics.test_cardinality import SERIES_A_PROJECT

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*?) ?\| (.+?) \|$", re.MULTILINE)
_WORD = re.compile(r"`(\w+)`")

Families = dict[str, tuple[str, frozenset[str]]]


def told() -> Families:
    """Name → type and labels, as the page has them."""
    rows = _ROW.findall(PAGE)
    assert len({name for name, *_ in rows}) == len(rows)
    assert all(meaning.strip() for *_, meaning in rows)
    return {name: (kind, frozenset(_WORD.findall(labels))) for name, kind, labels, _ in rows}


def shown() -> Families:
    """The same, as a scraper sees them."""
    found = {}
    for family in families(busy()):
        labels = {label for sample in family.samples for label in sample.labels}
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = (family.type, frozenset(labels - {"le"}))
    return found


def test_every_family() -> None:
    """Names, types and labels agree."""
    assert told() == shown()


def test_figures() -> None:
    """So do the figures."""
    assert f"at most {SERIES_A_PROJECT} series" in PAGE
    assert f"up to a limit of {LIMIT}" in PAGE
    fixed = len(series(Metrics()))
    [about] = re.findall(r"some (\d+) series", PAGE)
    assert abs(fixed - int(about)) < 50
