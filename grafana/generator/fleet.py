"""*Fleet*: where every project stands, and which of them needs a person."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from controller.core.words import Status
from grafana.generator import look
from grafana.generator.frame import frame
from grafana.generator.look import GREEN, NONE_IS_BETTER, NONE_IS_GOOD, ORANGE, RED, STATES, YELLOW
from grafana.generator.panels import bars, lines, number, timeline
from grafana.generator.project_table import project_table
from grafana.generator.queries import ask, ask_now, number_of, of, state

_DAY = 86_400
_UNFINISHED = 'unless on (instance, project) (sidekick_project_state{state="Completed"} == 1)'
_TRUE = of("condition", 'status="true"', " == 1")
_NOTICES = {
    "suspended": "the fleet rests",
    "prune_blocked": "a mass stop waits for your word",
    "restart_needed": "settings need a restart",
    "demo": "demo agents",
}
"""Families that are 1 where a person should know of it → what that means."""


def _states_as_numbers() -> str:
    """One series for each project: the number of its state."""
    terms = (
        of("state", f'state="{word.value}"') + f" * {number}"
        for word, (number, _) in STATES.items()
    )
    return f"sum by (project) ({' or '.join(terms)})"


def _now(board: Dashboard) -> None:
    board.with_row(Row("Now"))
    board.with_panel(
        number(
            "Wanted", "Projects whose rows want them to run.",
            number_of(of("desired_running", compare=" == 1")),
        )
    ).with_panel(
        number(
            "Running", "Projects whose agents run.", number_of(of("running", compare=" == 1")),
            steps=((None, GREEN),),
        )
    ).with_panel(
        number(
            "Waiting for you", "Agents that need a person: `sidekick answer`, or attach.",
            number_of(state(Status.WAITING)), steps=NONE_IS_GOOD,
        )
    ).with_panel(
        number(
            "Queued", "Wanted and not running; the table says why.",
            number_of(state(Status.QUEUED)), steps=((None, GREEN), (1, YELLOW)),
        )
    ).with_panel(
        number(
            "Blocked", "Rows that must be edited before they go on.",
            number_of(state(Status.BLOCKED)), steps=NONE_IS_BETTER,
        )
    ).with_panel(
        number(
            "Overdue", "Deadlines that passed before the work was done.",
            number_of(of("overdue", compare=" == 1")), steps=NONE_IS_BETTER,
        )
    ).with_panel(
        number(
            "Completed", "Projects that are done.", number_of(state(Status.COMPLETED)),
        )
    ).with_panel(
        number(
            "Out of the ordinary", "What holds for the whole fleet, and a person should know.",
            *(ask_now(f"max(sidekick_{name})", text) for name, text in _NOTICES.items()),
            texts=look.words(_0=("no", GREEN), _1=("yes", ORANGE)), steps=NONE_IS_GOOD,
        )
    )  # fmt: skip


def _people(board: Dashboard) -> None:
    board.with_row(Row("What needs a person"))
    board.with_panel(
        lines(
            "Waiting for you", "Since when each agent waits. The line is ten minutes: the alert's.",
            ask("time() - " + of("waiting_since_timestamp_seconds"), "{{project}}"),
            unit="s", width=8, steps=((None, GREEN), (600, ORANGE)),
        )
    ).with_panel(
        bars(
            "Deadlines", "Time left of what is not completed; red is less than three days.",
            ask_now(
                f"sort({of('deadline_timestamp_seconds')} {_UNFINISHED} - time())", "{{project}}"
            ),
            unit="s", width=8, steps=((None, RED), (3 * _DAY, ORANGE), (14 * _DAY, GREEN)),
        ).min(-7 * _DAY).max(60 * _DAY)
    ).with_panel(
        lines(
            "Not as wanted", "How long each project is wanted and not ready.",
            ask("time() - " + of("out_of_sync_since_timestamp_seconds"), "{{project}}"),
            unit="s", width=8,
        )
    )  # fmt: skip


def _time(board: Dashboard) -> None:
    board.with_row(Row("Over time"))
    board.with_panel(
        lines(
            "Projects by reason", "The reasons that the rows show.",
            ask(f"count by (reason) ({of('reason')})", "{{reason}}"), stacked=True, width=8,
        )
    ).with_panel(
        lines(
            "Projects by condition", "Accepted: the row is valid. Ready: the world is as it wants. "
            "Stalled: it will not get there by itself.",
            ask(f"count by (type) ({_TRUE})", "{{type}}"),
            width=8,
        )
    ).with_panel(
        lines(
            "Silent agents", "How long agents print nothing, from five minutes on.",
            ask("time() - " + of("idle_since_timestamp_seconds"), "{{project}}"),
            unit="s", width=8, steps=((None, GREEN), (900, ORANGE)),
        )
    )  # fmt: skip


def dashboard() -> Dashboard:
    """The fleet's dashboard."""
    board = frame(
        "fleet", "CTO Sidekick / Fleet",
        "Where every project stands, why, and which of them needs a person.",
    )  # fmt: skip
    _now(board)
    board.with_row(Row("Projects"))
    board.with_panel(project_table())
    board.with_panel(
        timeline(
            "States", "Each project's Status over time.", _states_as_numbers(), "{{project}}"
        )
    )  # fmt: skip
    _people(board)
    _time(board)
    return board
