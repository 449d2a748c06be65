"""All dashboards by the names of their files."""

import json
from collections.abc import Callable
from pathlib import Path
from string import ascii_uppercase

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.generator import agents, controller, fleet

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"
LOG = Path(__file__).resolve().parents[1] / "logs" / "dashboards" / "log.json"
"""The dashboard of the log, beside the source that it needs: it is shown with that alone."""
BOARDS: dict[str, Callable[[], Dashboard]] = {
    "agents": agents.dashboard,
    "controller": controller.dashboard,
    "fleet": fleet.dashboard,
}
"""The file's name, without its suffix → what makes the dashboard."""


def document(name: str) -> str:
    """A dashboard as its file has it."""
    return as_json(BOARDS[name]())


def as_json(made: Dashboard) -> str:
    """A dashboard as text; its panels are numbered, their queries lettered, in order."""
    board = made.build()
    for number, panel in enumerate(board.panels or (), start=1):
        panel.id_val = number
        for letter, target in zip(
            ascii_uppercase, getattr(panel, "targets", None) or (), strict=False
        ):
            target.ref_id = target.ref_id or letter
    return json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
