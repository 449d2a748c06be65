"""The projects of a report as tables and names, drawn from its plain JSON values."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from controller.cli.columns import age, table
from controller.core.names import pick
from controller.core.words import fold
from controller.printable import clean

HEADER = ("project", "status", "reason", "agent", "pri", "age", "next action")
LIMITS = (28, 11, 18, 16, 4, 6, 40)
WIDE = ("deadline", "gpu", "model", "session", "message")
WIDE_LIMITS = (18, 3, 16, 40, 300)

Values = Mapping[str, object]
"""A project of a report, as its JSON document has it."""


def chosen(projects: Iterable[Values], names: Sequence[str]) -> list[Values]:
    """Those that the names mean, in the report's order; all where there are no names.

    Raises:
        NotFound: A name means none, or several.
    """
    known = list(projects)
    if not names:
        return known
    full = [str(project["name"]) for project in known]
    wanted = {pick(name, full) for name in names}
    return [project for project in known if project["name"] in wanted]


def listing(projects: Iterable[Values], output: str, now: datetime) -> str:
    """The projects in a form for people and pipes.

    Args:
        projects: Which.
        output: `table`, `wide` or `name`.
        now: The time, for ages.
    """
    if output == "name":
        return "\n".join(f"project/{clean(str(project['name']))}" for project in projects)
    if output == "table":
        return table(HEADER, [_cells(project, now) for project in projects], LIMITS)
    rows = [(*_cells(project, now), *_wide_cells(project)) for project in projects]
    return table((*HEADER, *WIDE), rows, (*LIMITS, *WIDE_LIMITS))


def agent_shown(agent: str, running: str) -> str:
    """Who works: what runs, with the row's word behind it where that is another.

    So `demo (claude)` is a row of claude's for which the demo agent stands in.
    """
    if not running or fold(running) == fold(agent):
        return agent
    return f"{running} ({agent})" if agent else running


def deadline(day: date | str | None, *, overdue: bool) -> str:
    """A deadline, and whether it passed."""
    if day is None:
        return ""
    return f"{day} overdue" if overdue else str(day)


def _cells(project: Values, now: datetime) -> tuple[str, ...]:
    since = project["since"]
    return (
        str(project["name"]),
        str(project["status"]),
        str(project["reason"]),
        agent_shown(str(project["agent"]), str(project["agent_running"])),
        str(project["priority"] or ""),
        age(datetime.fromisoformat(str(since)), now) if since else "",
        str(project["next_action"]),
    )


def _wide_cells(project: Values) -> tuple[str, ...]:
    day = project["deadline"]
    return (
        deadline(str(day) if day else None, overdue=bool(project["overdue"])),
        "yes" if project["gpu"] else "",
        str(project["model"]),
        str(project["session"]),
        str(project["message"]),
    )
