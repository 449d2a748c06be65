"""What every dashboard has: its name, its variables, and what is marked on it."""

from typing import Self

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.models import dashboard as models

from grafana.generator.look import BLUE, GREEN, GREY
from grafana.generator.queries import SOURCE

TAG = "sidekick"
PAGE = "http://127.0.0.1:9600"
"""Where the live page is, unless the user says otherwise in the variable `page`."""
_ALL = models.VariableOption(text=["All"], value=["$__all"])


class _Mark(models.AnnotationQuery):
    """An annotation of Prometheus's kind, whose fields the library does not know.

    Attributes:
        title: Its title, with `{{label}}`.
        tags: Labels that become its tags.
        at_value: Whether a series' value is the time of the mark, in milliseconds.
    """

    title: str = ""
    tags: str = "project"
    at_value: bool = False

    def to_json(self) -> dict[str, object]:
        """With the fields that Grafana's source "Prometheus" reads."""
        own = {
            "step": "15s",
            "tagKeys": self.tags,
            "titleFormat": self.title,
            "useValueForTime": "on" if self.at_value else False,
        }
        return {**super().to_json(), **own}


class _MarkBuilder(AnnotationQuery):
    def __init__(self, title: str, *, at_value: bool = False) -> None:
        super().__init__()
        self._internal = _Mark()
        self._internal.title, self._internal.at_value = title, at_value

    def shown(self, name: str, color: str, expr: str) -> Self:
        """With a switch of this name, on from the start."""
        return self.name(name).icon_color(color).datasource(SOURCE).expr(expr).enable(True)


def _became(series: str, value: int) -> str:
    """Series that have a value now, and had not one step ago."""
    before = f"{series} offset $__interval == {value}"
    return f"{series} == {value} unless on (instance, project) {before}"


def _marks() -> list[_MarkBuilder]:
    chosen = 'project=~"$project"'
    return [
        _MarkBuilder("{{project}} starts", at_value=True).shown(
            "Starts", GREEN, f"sidekick_project_start_timestamp_seconds{{{chosen}}} * 1000"
        ),
        _MarkBuilder("{{project}} stops").shown(
            "Stops", GREY, _became(f"sidekick_project_running{{{chosen}}}", 0)
        ),
        _MarkBuilder("{{project}} is completed").shown(
            "Completions", BLUE,
            _became(f'sidekick_project_state{{{chosen}, state="Completed"}}', 1),
        ),
    ]  # fmt: skip


def _choice(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"qryType": 1, "query": query, "refId": name})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(_ALL)
    )


def frame(
    uid: str, title: str, text: str, *, since: str = "now-3h", by_agent: bool = True
) -> Dashboard:
    """An empty dashboard.

    Args:
        uid: Its identity, without `sidekick-`.
        title: Its title.
        text: What it is for.
        since: The beginning of the time that it shows first.
        by_agent: Whether its panels can be bounded to chosen agents.
    """
    board = (
        Dashboard(title)
        .uid(f"sidekick-{uid}")
        .description(text)
        .tags([TAG])
        .timezone("browser")
        .time(since, "now")
        .refresh("10s")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(
            _choice("project", "Project", "label_values(sidekick_project_info, project)")
        )
        .with_variable(
            TextBoxVariable("page")
            .label("Live page")
            .description("Where your browser finds the controller's live page.")
            .default_value(PAGE)
            .current(models.VariableOption(text=PAGE, value=PAGE))
        )
        .annotations(list(_marks()))
        .link(
            DashboardLink("CTO Sidekick")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(True)
            .include_vars(True)
        )
        .link(
            DashboardLink("Live page")
            .type(models.DashboardLinkType.LINK)
            .icon("external link")
            .url("${page}")
            .target_blank(True)
        )
    )
    if by_agent:
        board.with_variable(_choice("agent", "Agent", "label_values(sidekick_agent_slots, agent)"))
    return board
