"""Where the corpus is let loose: a desk, a lab, folders of runs."""

from tests.cli.conftest import desk
from tests.e2e.conftest import lab
from tests.runs.conftest import bench

__all__ = ["bench", "desk", "lab"]
