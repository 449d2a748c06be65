"""The names in a query, as a parser of PromQL sees them."""

import re
from dataclasses import dataclass, field

import promql_parser as promql

SUBSTITUTES = {
    "$__rate_interval": "1m", "$__interval": "15s", "$__range": "1h",
    "$project": ".*", "$agent": ".*",
}  # fmt: skip
"""Grafana's variables → what a user who has chosen nothing has there."""
_LEGEND = re.compile(r"{{\s*(\w+)\s*}}")


@dataclass
class Names:
    """What a query names.

    Attributes:
        families: Metric → the labels that it is selected by.
        labels: Labels that are grouped by, joined on, or carried over.
        made: Labels that the query itself makes.
    """

    families: dict[str, set[str]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)


def plain(query: str) -> str:
    """The query as Prometheus gets it."""
    for variable, text in SUBSTITUTES.items():
        query = query.replace(variable, text)
    return query


def names(query: str) -> Names:
    """What the query names.

    Raises:
        ValueError: It is no PromQL.
    """
    found = Names()
    promql.walk(promql.parse(plain(query)), lambda expr: _visit(expr, found))
    return found


def legend_labels(legend: str) -> set[str]:
    """The labels that a legend shows."""
    return set(_LEGEND.findall(legend))


def _visit(expr: promql.Expr, found: Names) -> None:
    if isinstance(expr, promql.MatrixSelector):
        _visit(expr.vector_selector, found)
    elif isinstance(expr, promql.VectorSelector):
        assert expr.name, f"a selector without a name: {expr}"
        matchers = {matcher.name for matcher in expr.matchers.matchers}
        found.families.setdefault(expr.name, set()).update(matchers)
    elif isinstance(expr, promql.AggregateExpr):
        if expr.modifier:
            found.labels.update(expr.modifier.labels)
        if isinstance(expr.param, promql.StringLiteral):
            found.made.add(expr.param.val)
    elif isinstance(expr, promql.BinaryExpr) and expr.modifier:
        if expr.modifier.matching:
            found.labels.update(expr.modifier.matching.labels)
        found.labels.update(expr.modifier.group_labels or ())
