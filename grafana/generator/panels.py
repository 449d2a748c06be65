"""Panels, each with a title, a text that says how to read it, and queries."""

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import ValueMapping

from grafana.generator.look import PLAIN, Steps, state_words, thresholds
from grafana.generator.queries import SOURCE, ask, ask_now

NUMBER_HEIGHT = 4
HEIGHT = 8


def number(
    title: str,
    text: str,
    *queries: Dataquery | str,
    unit: str = "short",
    steps: Steps = PLAIN,
    width: int = 3,
    texts: list[ValueMapping] | None = None,
) -> stat.Panel:
    """The newest value, large; several where there are several series."""
    asked = [ask_now(query) if isinstance(query, str) else query for query in queries]
    return (
        stat.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .span(width)
        .height(NUMBER_HEIGHT)
        .unit(unit)
        .mappings(texts or [])
        .thresholds(thresholds(steps))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .targets(list(asked))
    )


def lines(
    title: str,
    text: str,
    *queries: Dataquery,
    unit: str = "short",
    width: int = 12,
    stacked: bool = False,
    steps: Steps | None = None,
) -> timeseries.Panel:
    """Values over time; with steps, their limits are drawn."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .span(width)
        .height(HEIGHT)
        .unit(unit)
        .min(0)
        .line_width(1)
        .fill_opacity(30 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
        .targets(list(queries))
    )
    if stacked:
        panel.stacking(StackingConfig().mode(common.StackingMode.NORMAL))
    if steps:
        panel.thresholds(thresholds(steps))
    return panel


def bars(
    title: str,
    text: str,
    query: Dataquery,
    *,
    unit: str = "short",
    width: int = 12,
    steps: Steps = PLAIN,
) -> bargauge.Panel:
    """A bar for each series' newest value."""
    return (
        bargauge.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .span(width)
        .height(HEIGHT)
        .unit(unit)
        .min(0)
        .thresholds(thresholds(steps))
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("none")
        .targets([query])
    )


def timeline(title: str, text: str, expr: str, legend: str) -> statetimeline.Panel:
    """A lane for each series, in the colours of the states whose numbers it has."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .span(24)
        .height(10)
        .mappings(state_words(numbered=True))
        .merge_values(True)
        .show_value(common.VisibilityMode.AUTO)
        .row_height(0.85)
        .per_page(40)
        .line_width(0)
        .fill_opacity(80)
        .targets([ask(expr, legend)])
    )


def heat(title: str, text: str, query: Dataquery) -> heatmap.Panel:
    """How often which duration occurs."""
    return (
        heatmap.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .span(12)
        .height(HEIGHT)
        .calculate(False)
        .y_axis(heatmap.YAxisConfig().unit("s"))
        .cell_gap(1)
        .targets([query])
    )
