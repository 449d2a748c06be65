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
    yield Table("gpus", "GPUs, used and free.", ("state",), _shares(report.gpus, report.gpus_used))


def _shares(there: int, used: int, *labels: str) -> list[Row]:
    """What is used and what is free; more may be used than there is since the settings changed."""
    return [((*labels, "used"), used), ((*labels, "free"), max(0, there - used))]
