"""Queries: PromQL and how Grafana asks it."""

from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef("prometheus", "${datasource}")
_CHOSEN = 'and on (instance, project) sidekick_project_info{agent=~"$agent"}'


def of(family: str, where: str = "", compare: str = "") -> str:
    """The series of the chosen projects and agents.

    Args:
        family: A family's name without `sidekick_project_`.
        where: More matchers.
        compare: A comparison, as ` == 1`.
    """
    matchers = ", ".join(filter(None, ('project=~"$project"', where)))
    return f"(sidekick_project_{family}{{{matchers}}}{compare} {_CHOSEN})"


def state(word: str) -> str:
    """1 for each chosen project in a state."""
    return of("state", f'state="{word}"', " == 1")


def number_of(vector: str) -> str:
    """How many series there are; 0 for none."""
    return f"count({vector}) or vector(0)"


def ask(expr: str, legend: str = "") -> Dataquery:
    """A query over the time that is shown.

    Args:
        expr: PromQL.
        legend: What a series is called, with `{{label}}`.
    """
    return Dataquery().expr(expr).range().legend_format(legend or "__auto").datasource(SOURCE)


def ask_now(expr: str, legend: str = "") -> Dataquery:
    """A query for the newest values."""
    return Dataquery().expr(expr).instant().legend_format(legend or "__auto").datasource(SOURCE)


def ask_table(column: str, expr: str) -> Dataquery:
    """A query for the newest values, as a column of a table."""
    asked = Dataquery().expr(expr).instant().datasource(SOURCE)
    return asked.format(PromQueryFormat.TABLE).ref_id(column)


def ask_heat(expr: str) -> Dataquery:
    """A query for a heatmap: a histogram's buckets."""
    return ask(expr, "{{le}}").format(PromQueryFormat.HEATMAP)


def quantile(part: float, histogram: str, by: str = "") -> str:
    """A quantile of a histogram over the time between two points.

    Args:
        part: 0 to 1.
        histogram: Its name without `sidekick_` and `_bucket`.
        by: A label to tell apart, too.
    """
    labels = ", ".join(filter(None, ("le", by)))
    rate = f"rate(sidekick_{histogram}_bucket[$__rate_interval])"
    return f"histogram_quantile({part}, sum by ({labels}) ({rate}))"
