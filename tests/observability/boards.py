"""The dashboards' files, and the queries in them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "grafana" / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
BOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in FILES}


@dataclass(frozen=True)
class Query:
    """One query of a dashboard.

    Attributes:
        board: The file's name.
        panel: The panel's title, or the annotation's name.
        expr: PromQL, with Grafana's variables.
        legend: What its series are called.
        instant: It asks for the newest values alone.
    """

    board: str
    panel: str
    expr: str
    legend: str = ""
    instant: bool = False

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}: {self.expr}"


def panels(board: str) -> list[dict[str, Any]]:
    """All panels of a dashboard but the headings of its rows."""
    return [panel for panel in BOARDS[board]["panels"] if panel["type"] != "row"]


def is_prometheus(source: dict[str, Any]) -> bool:
    """Whether a query is for Prometheus."""
    return bool(source["type"] == "prometheus")


def panel_queries() -> list[Query]:
    """Every query of every panel."""
    return [
        Query(
            board, panel["title"], target["expr"], target.get("legendFormat", ""),
            instant=bool(target.get("instant")),
        )
        for board in BOARDS
        for panel in panels(board)
        for target in panel["targets"]
        if is_prometheus(target["datasource"])
    ]  # fmt: skip


def annotation_queries() -> list[Query]:
    """Every query of every annotation."""
    return [
        Query(board, mark["name"], mark["expr"], mark["titleFormat"])
        for board, document in BOARDS.items()
        for mark in document["annotations"]["list"]
        if is_prometheus(mark["datasource"])
    ]
