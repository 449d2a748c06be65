"""*Agents*: who works, who is held until when, and what it costs."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana.generator.frame import frame
from grafana.generator.look import GREEN, NONE_IS_BETTER, NONE_IS_GOOD, ORANGE
from grafana.generator.panels import bars, lines, number
from grafana.generator.queries import ask, ask_now, number_of, of

_CHOSEN = '{agent=~"$agent"}'
_AGENT_OF = 'on (instance, project) group_left (agent) sidekick_project_info{agent=~"$agent"}'
"""Gives a project's series the label of the agent that its row shows."""


def _by_agent(family: str) -> str:
    spent = f'sidekick_project_{family}{{project=~"$project"}}'
    return f"sum by (agent) ({spent} * {_AGENT_OF})"


def _room(board: Dashboard) -> None:
    board.with_row(Row("Room"))
    board.with_panel(
        number(
            "Sessions", "Sessions that run, and how many may run at once.",
            ask_now("sum(sidekick_project_running)", "running"),
            ask_now("max(sidekick_slots)", "allowed"), width=4,
        )
    ).with_panel(
        number(
            "GPUs", "GPUs that are given out, and those that are free.",
            ask_now("sum by (state) (sidekick_gpus)", "{{state}}"), width=4,
        )
    ).with_panel(
        number(
            "Held agents", "Agents that start nothing now.",
            number_of(f"sidekick_agent_held{_CHOSEN} == 1"), steps=NONE_IS_GOOD, width=4,
        )
    ).with_panel(
        number(
            "Spent today", "Dollars of all agents, as far as they say or `prices` tell; runs that "
            "are over.",
            f"sum(sidekick_agent_spent_today_dollars{_CHOSEN})", unit="currencyUSD", width=4,
        )
    ).with_panel(
        number(
            "Tokens today", "Read, read from a cache, and written.",
            f"sum(sidekick_agent_spent_today_tokens{_CHOSEN})", width=4,
        )
    ).with_panel(
        number(
            "Failed last runs", "Projects whose last run ended with another status than 0.",
            number_of(of("last_exit_code", compare=" != 0")), steps=NONE_IS_BETTER, width=4,
        )
    )  # fmt: skip
    board.with_panel(
        lines(
            "Slots in use", "Sessions of each agent.",
            ask('sum by (agent) (sidekick_agent_slots{agent=~"$agent", state="used"})',
                "{{agent}}"),
            stacked=True,
        )
    ).with_panel(
        lines(
            "Free slots", "How many more sessions each agent may have.",
            ask('sum by (agent) (sidekick_agent_slots{agent=~"$agent", state="free"})',
                "{{agent}}"),
        )
    )  # fmt: skip


def _holds(board: Dashboard) -> None:
    board.with_row(Row("Limits and logins"))
    board.with_panel(
        lines(
            "Holds", "Agents that start nothing, and why: a limit that is used up, a login that is "
            "refused.",
            ask(f"max by (agent, reason) (sidekick_agent_held{_CHOSEN})", "{{agent}}: {{reason}}"),
        )
    ).with_panel(
        bars(
            "Until they may go on", "Time until each hold ends by itself; an agent that waits for "
            "a login is not here.",
            ask_now(
                f"max by (agent) (sidekick_agent_held_until_timestamp_seconds{_CHOSEN}) - time()",
                "{{agent}}",
            ),
            unit="s", steps=((None, GREEN), (3600, ORANGE)),
        )
    )  # fmt: skip


def _cost(board: Dashboard) -> None:
    board.with_row(Row("Cost"))
    board.with_panel(
        lines(
            "Dollars today by agent", "They begin at 0 with each day.",
            ask(f"sum by (agent) (sidekick_agent_spent_today_dollars{_CHOSEN})", "{{agent}}"),
            unit="currencyUSD", stacked=True, width=8,
        )
    ).with_panel(
        lines(
            "Tokens today by agent", "They begin at 0 with each day.",
            ask(f"sum by (agent) (sidekick_agent_spent_today_tokens{_CHOSEN})", "{{agent}}"),
            stacked=True, width=8,
        )
    ).with_panel(
        bars(
            "Dollars of all runs by agent", "What the listed projects cost so far, by the agent "
            "that their rows show.",
            ask_now(f"sort_desc({_by_agent('spent_dollars')})", "{{agent}}"),
            unit="currencyUSD", width=8,
        )
    ).with_panel(
        bars(
            "Dollars of all runs by project", "The dearest twenty.",
            ask_now(f"sort_desc(topk(20, {of('spent_dollars')}))", "{{project}}"),
            unit="currencyUSD",
        )
    ).with_panel(
        bars(
            "Tokens of all runs by project", "The largest twenty.",
            ask_now(f"sort_desc(topk(20, {of('spent_tokens')}))", "{{project}}"),
        )
    )  # fmt: skip


def _runs(board: Dashboard) -> None:
    board.with_row(Row("Runs"))
    board.with_panel(
        lines(
            "Restarts", "Starts after a project's first, by how the run before ended.",
            ask(f"sum by (reason) ({of('restarts_total')})", "{{reason}}"), stacked=True, width=8,
        )
    ).with_panel(
        bars(
            "Exit statuses of last runs", "How many projects ended their last run with which.",
            ask_now(f'count_values("status", {of("last_exit_code")})', "{{status}}"), width=8,
        )
    ).with_panel(
        bars(
            "Age of runs", "How long each living run is at it.",
            ask_now(f"sort_desc(time() - {of('start_timestamp_seconds')})", "{{project}}"),
            unit="s", width=8,
        )
    ).with_panel(
        lines(
            "Since the last output", "How long each living run has printed nothing.",
            ask(f"time() - {of('last_activity_timestamp_seconds')}", "{{project}}"), unit="s",
            width=24,
        )
    )  # fmt: skip


def dashboard() -> Dashboard:
    """The agents' dashboard."""
    board = frame(
        "agents", "CTO Sidekick / Agents",
        "Slots, holds and their ends, tokens and cost, restarts and exit statuses.",
    )  # fmt: skip
    _room(board)
    _holds(board)
    _cost(board)
    _runs(board)
    return board
