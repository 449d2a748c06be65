"""Where the corpus is let loose: a desk, folders of runs; the lab is every test's."""

from tests.cli.conftest import desk
from tests.runs.conftest import bench

__all__ = ["bench", "desk"]
