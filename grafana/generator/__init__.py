"""Makes the dashboards: `python -m grafana.generator` writes `grafana/dashboards/*.json`."""

from grafana.generator.boards import BOARDS, FOLDER, document

__all__ = ["BOARDS", "FOLDER", "document"]
