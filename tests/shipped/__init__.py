"""The settings and the list as they are shipped.

Whoever uses a checkout edits `config.yaml` and `desired/`: no test may fail for that, let alone
work on somebody's rows, with real agents. `.ci/run` holds these copies against the originals.
"""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parent
