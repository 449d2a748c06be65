"""The table of all projects: a row each, as the user's list has them."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from grafana.generator import look
from grafana.generator.look import RED
from grafana.generator.queries import SOURCE, ask_table, of

_UNIT, _WIDTH = "unit", "custom.width"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column.

    Attributes:
        title: Its head.
        field: The field that it shows: a label, or `Value #` and the query's name.
        settings: What is particular about it.
        expr: Its query; empty where another column's brings it along.
    """

    title: str
    field: str
    settings: tuple[DynamicConfigValue, ...] = ()
    expr: str = ""


def _value(title: str, name: str, expr: str, *settings: DynamicConfigValue) -> _Column:
    return _Column(title, f"Value #{name}", settings, expr)


def _by_project(vector: str) -> str:
    return f"max by (project) ({vector})"


_PAGE = {
    "title": "On the live page",
    "url": "${page}/?project=${__value.text:percentencode}",
    "targetBlank": True,
}
_COLUMNS = (
    _Column("Project", "project", (DynamicConfigValue("links", [_PAGE]),)),
    _Column(
        "State", "state",
        (
            DynamicConfigValue("mappings", look.state_words(numbered=False)),
            DynamicConfigValue(
                "custom.cellOptions",
                common.TableColoredBackgroundCellOptions(
                    mode=common.TableCellBackgroundDisplayMode.BASIC
                ),
            ),
            DynamicConfigValue(_WIDTH, 110),
        ),
        f"max by (project, state) ({of('state', compare=' == 1')})",
    ),
    _Column("Reason", "reason", expr=f"max by (project, reason) ({of('reason')})"),
    _Column("Agent", "agent", expr=f"max by (project, agent, model) ({of('info')})"),
    _Column("Model", "model"),
    _value("Priority", "priority", _by_project(of("priority")), DynamicConfigValue(_WIDTH, 80)),
    _value(
        "Deadline", "deadline", _by_project(of("deadline_timestamp_seconds") + " * 1000"),
        DynamicConfigValue(_UNIT, "dateTimeFromNow"),
    ),
    _value(
        "Restarts", "restarts", f"sum by (project) ({of('restarts_total')})",
        DynamicConfigValue(_WIDTH, 80),
    ),
    _value(
        "Cost", "cost", _by_project(of("spent_dollars")),
        DynamicConfigValue(_UNIT, "currencyUSD"), DynamicConfigValue("decimals", 2),
        DynamicConfigValue(_WIDTH, 90),
    ),
    _value(
        "Next try", "retry", _by_project(of("next_retry_timestamp_seconds") + " * 1000"),
        DynamicConfigValue(_UNIT, "dateTimeFromNow"),
    ),
    _value(
        "Overdue", "overdue", _by_project(of("overdue")),
        DynamicConfigValue("mappings", look.words(_0=("", look.GREY), _1=("yes", RED))),
        DynamicConfigValue(_WIDTH, 80),
    ),
)  # fmt: skip


def project_table() -> table.Panel:
    """The table, most important rows first; a project's name leads to its live page."""
    panel = (
        table.Panel()
        .title("Projects")
        .description("Every row of the list. A project's name leads to its live page.")
        .datasource(SOURCE)
        .span(24)
        .height(11)
        .filterable(True)
        .no_value("")
        .sort_by([TableSortByFieldState().display_name("Priority").desc(False)])
        .targets([_ask(column) for column in _COLUMNS if column.expr])
        .transformations(_transformations())
    )
    for column in _COLUMNS:
        if column.settings:
            panel.override_by_name(column.title, list(column.settings))
    return panel


def _ask(column: _Column) -> Dataquery:
    return ask_table(column.field.removeprefix("Value #"), column.expr)


def _transformations() -> list[DataTransformerConfig]:
    """One table of all queries' answers, with just the columns, in their order."""
    fields = [column.field for column in _COLUMNS]
    order = {field: place for place, field in enumerate(fields)}
    titles = {column.field: column.title for column in _COLUMNS}
    return [
        DataTransformerConfig("joinByField", options={"byField": "project", "mode": "outer"}),
        DataTransformerConfig("filterFieldsByName", options={"include": {"names": fields}}),
        DataTransformerConfig("organize", options={"indexByName": order, "renameByName": titles}),
    ]
