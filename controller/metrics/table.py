"""Tables: families of many series, kept as rows until somebody reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric

PREFIX = "sidekick"
LABEL_LIMIT = 200
"""Characters of a label's value; a valid project's name has no more."""
_SUFFIXES = {"gauge": "", "counter": "_total", "info": "_info"}

Row = tuple[tuple[str, ...], float]
"""The labels' values, and the value."""


@dataclass(frozen=True, slots=True)
class Table:
    """One family.

    Attributes:
        name: Its name, without our prefix and without the suffix of its kind.
        text: What it means, on one line without quotes and backslashes.
        labels: The labels' names, in alphabetical order, as the library writes them.
        rows: Its series; no two have the same labels.
        kind: `gauge`, `counter` or `info`.
    """

    name: str
    text: str
    labels: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    kind: str = "gauge"

    @property
    def family(self) -> str:
        """The family's full name."""
        return f"{PREFIX}_{self.name}"

    @property
    def sample(self) -> str:
        """The full name of its series."""
        return self.family + _SUFFIXES[self.kind]

    def metric(self) -> Metric:
        """The family as the library has it."""
        metric = Metric(self.family, self.text, self.kind)
        for values, value in self.rows:
            metric.add_sample(self.sample, dict(zip(self.labels, values, strict=True)), value)
        return metric


def single(name: str, text: str, value: float) -> Table:
    """A gauge of one series."""
    return Table(name, text, rows=(((), value),))


def label(text: str) -> str:
    """A text of a row as a label's value: short, and nothing that cannot be encoded."""
    return text[:LABEL_LIMIT].encode("utf-8", "replace").decode()
