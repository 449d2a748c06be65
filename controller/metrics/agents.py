"""The families of what is given out: slots and GPUs."""

from collections.abc import Iterator

from controller.core.report import Report
from controller.metrics.table import Row, Table, single


def agent_tables(report: Report) -> Iterator[Table]:
    """Slots in all and by agent, and GPUs."""
    yield single("slots", "Sessions allowed at once.", report.slots)
    rows: list[Row] = []
    for agent in report.agents:
        rows += _shares(agent.slots, agent.used, agent.name)
    yield Table("agent_slots", "Slots of an agent, used and free.", ("agent", "state"), rows)
    held = [((one.name, one.held), 1.0) for one in report.agents if one.held]
    yield Table("agent_held", "1 for an agent that starts nothing.", ("agent", "reason"), held)
    untils = [((one.name,), one.held_until.timestamp()) for one in report.agents if one.held_until]
    yield Table(
        "agent_held_until_timestamp_seconds", "End of an agent's hold, where it has one.",
        ("agent",), untils,
    )  # fmt: skip
    yield Table(
        "agent_spent_today_dollars", "Spent today by an agent's ended runs.", ("agent",),
        [((one.name,), one.dollars) for one in report.agents],
    )  # fmt: skip
    yield Table(
        "agent_spent_today_tokens", "Likewise, in tokens.", ("agent",),
        [((one.name,), float(one.tokens)) for one in report.agents],
    )  # fmt: skip
    yield Table("gpus", "GPUs, used and free.", ("state",), _shares(report.gpus, report.gpus_used))


def _shares(there: int, used: int, *labels: str) -> list[Row]:
    """What is used and what is free; more may be used than there is since the settings changed."""
    return [((*labels, "used"), used), ((*labels, "free"), max(0, there - used))]
