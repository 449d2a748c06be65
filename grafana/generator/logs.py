"""*Log*: the controller's own log, where Loki is there to keep it (docs/logs.md)."""

from grafana_foundation_sdk.builders import logs, timeseries
from grafana_foundation_sdk.builders.common import StackingConfig, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    Dashboard,
    DatasourceVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.builders.loki import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableOption

from grafana.generator.frame import frame
from grafana.generator.panels import HEIGHT

SOURCE = DataSourceRef("loki", "${loki}")
LEVELS = ("debug", "info", "warning", "error", "critical")
_CHOSEN = (
    '{service_name="sidekick", level=~"$level"} |~ `(?i)$search` | project=~"$project"'
)  # fmt: skip
_READABLE = (
    '| json event="event" | line_format '
    "`{{if .project}}{{.project}} {{end}}{{if .reason}}{{.reason}}: {{end}}{{.event}}`"
)


def _ask(expr: str, legend: str) -> Dataquery:
    return Dataquery().expr(expr).query_type("range").legend_format(legend).datasource(SOURCE)


def _count(by: str, where: str = "") -> str:
    return f"sum by ({by}) (count_over_time({_CHOSEN} {where}[$__auto]))"


def _lines(title: str, text: str, query: Dataquery, unit: str = "short") -> timeseries.Panel:
    return (
        timeseries.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .span(8)
        .height(HEIGHT)
        .unit(unit)
        .min(0)
        .tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .targets([query])
    )


def _bars(title: str, text: str, query: Dataquery) -> timeseries.Panel:
    return (
        _lines(title, text, query)
        .draw_style(common.GraphDrawStyle.BARS)
        .fill_opacity(60)
        .stacking(StackingConfig().mode(common.StackingMode.NORMAL))
    )


def dashboard() -> Dashboard:
    """How much is said, what failed, how long actions took, and the lines themselves."""
    everything = VariableOption(text=["All"], value=["$__all"])
    slow = (
        f'quantile_over_time(0.9, {_CHOSEN} | action!="" '
        '| json seconds="duration_seconds" | unwrap seconds [$__auto]) by (action)'
    )
    return (
        frame("log", "Log", "The controller's log: one event a line.", by_agent=False)
        .with_variable(DatasourceVariable("loki").label("Loki").type("loki"))
        .with_variable(
            CustomVariable("level")
            .label("Level")
            .values(",".join(LEVELS))
            .multi(True)
            .include_all(True)
            .all_value(".+")
            .current(everything)
        )
        .with_variable(
            TextBoxVariable("search").label("Search").description("A part of a line, in RE2.")
        )
        .with_panel(
            _bars("Lines", "How much is said, by level.", _ask(_count("level"), "{{level}}"))
        )
        .with_panel(
            _bars(
                "Failed actions", "Actions that failed, by why.",
                _ask(_count("reason", '| result="error" | action!="" '), "{{reason}}"),
            )
        )
        .with_panel(
            _lines(
                "Duration of actions", "Nine of ten are quicker.", _ask(slow, "{{action}}"),
                unit="s",
            )
        )
        .with_panel(
            logs.Panel()
            .title("The log")
            .description("The newest line first; a line opens to all that it tells.")
            .datasource(SOURCE)
            .span(24)
            .height(20)
            .show_time(True)
            .wrap_log_message(True)
            .enable_log_details(True)
            .sort_order(common.LogsSortOrder.DESCENDING)
            .dedup_strategy(common.LogsDedupStrategy.NONE)
            .targets([_ask(f"{_CHOSEN} {_READABLE}", "").max_lines(1000)])
        )
    )  # fmt: skip
