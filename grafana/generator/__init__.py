"""Makes the dashboards: `python -m grafana.generator` writes each into its file."""

from grafana.generator import logs
from grafana.generator.boards import BOARDS, FOLDER, LOG, as_json, document

__all__ = ["BOARDS", "FOLDER", "LOG", "as_json", "document", "logs"]
