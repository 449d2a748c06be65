"""The projects' families: their series come and go with the projects' rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from controller.core.conditions import ConditionType
from controller.core.project import LAST_PRIORITY
from controller.core.report import ProjectView
from controller.core.words import Status
from controller.metrics.table import Row, Table, label

_STATES = tuple(word.value for word in Status)
_BOOLS = ((True, "true"), (False, "false"))


@dataclass(frozen=True, slots=True)
class _Family:
    """A family, and what its rows are for one project under one name.

    Attributes are `Table`'s.
    """

    name: str
    text: str
    labels: tuple[str, ...]
    rows: Callable[[str, ProjectView], Iterable[Row]]
    kind: str = "gauge"


def _value(name: str, text: str, of: Callable[[ProjectView], float | None]) -> _Family:
    """A family of one series a project; of none where the project has no such value."""

    def rows(project_name: str, project: ProjectView) -> Iterable[Row]:
        value = of(project)
        return () if value is None else (((project_name,), value),)

    return _Family(f"project_{name}", text, ("project",), rows)


def _time(name: str, text: str, of: Callable[[ProjectView], datetime | None]) -> _Family:
    """A time, in seconds since the epoch; a project to which it does not apply has none."""

    def seconds(project: ProjectView) -> float | None:
        at = of(project)
        return at.timestamp() if at else None

    return _value(f"{name}_timestamp_seconds", text, seconds)


def _info(name: str, project: ProjectView) -> Iterable[Row]:
    return (((label(project.agent), label(project.model), name), 1),)


def _states(name: str, project: ProjectView) -> Iterable[Row]:
    return [((name, word), project.status == word) for word in _STATES]


def _conditions(name: str, project: ProjectView) -> Iterable[Row]:
    return [
        ((name, text, item.type), item.status is status)
        for item in project.conditions
        for status, text in _BOOLS
    ]


def _out_of_sync(project: ProjectView) -> datetime | None:
    if not project.desired_running:
        return None
    for item in project.conditions:
        if item.type is ConditionType.READY and not item.status:
            return item.last_transition_time
    return None


_FAMILIES = (
    _Family("project", "The agent and the model that the project is given to.",
            ("agent", "model", "project"), _info, kind="info"),
    _value("desired_running", "Whether the row wants the project to run.",
           lambda project: project.desired_running),
    _value("running", "Whether its agent runs.", lambda project: project.alive),
    _Family("project_state", "1 for the state that the project is in.", ("project", "state"),
            _states),
    _Family("project_condition", "1 for the status that a condition has.",
            ("project", "status", "type"), _conditions),
    _value("priority", "Priority; 1 is first, 1000 stands for none.",
           lambda project: project.priority or LAST_PRIORITY),
    _value("overdue", "Whether the deadline passed and the work is not done.",
           lambda project: project.overdue),
    _value("last_exit_code", "Exit status of the last run.", lambda project: project.last_status),
    _value("spent_dollars", "Spent by all runs of the row.", lambda project: project.dollars),
    _value("spent_tokens", "Likewise, in tokens.", lambda project: float(project.tokens)),
    _time("start", "Start of the living run.", lambda project: project.started_at),
    _time("last_activity", "Last output of the living run.", lambda project: project.activity_at),
    _time("idle_since", "Last output of a living run that is silent for long.",
          lambda project: project.idle_since),
    _time("waiting_since", "Since when its agent waits for a person.",
          lambda project: project.waiting_since),
    _time("next_retry", "Next start after a failure.", lambda project: project.next_retry),
    _time("out_of_sync_since", "Since when it is not as wanted.", _out_of_sync),
)  # fmt: skip


def by_label(projects: Iterable[ProjectView]) -> dict[str, ProjectView]:
    """The projects that have series, by the value of the label `project`.

    They are those of the list, and those that still run although their row is gone. Rows without
    a name have no series; rows of one name share theirs.
    """
    return {
        label(project.name): project
        for project in projects
        if project.name and (project.line is not None or project.alive)
    }


def project_tables(
    projects: Mapping[str, ProjectView], reasons: Callable[[str], str], zone: tzinfo | None
) -> Iterator[Table]:
    """The families that have the label `project`, but for the restarts.

    Args:
        projects: As `by_label` has them.
        reasons: Makes a label's value of a reason.
        zone: Where a deadline's day ends.
    """
    for family in _FAMILIES:
        rows = [row for name, project in projects.items() for row in family.rows(name, project)]
        yield Table(family.name, family.text, family.labels, rows, family.kind)
    ends = [
        ((name,), datetime.combine(project.deadline, time.max, zone).timestamp())
        for name, project in projects.items()
        if project.deadline
    ]
    yield Table(
        "project_deadline_timestamp_seconds", "End of the deadline's day.", ("project",), ends
    )
    why = [((name, reasons(project.reason)), 1.0) for name, project in projects.items()]
    yield Table(
        "project_reason", "1 for the reason that the row shows.", ("project", "reason"), why
    )
