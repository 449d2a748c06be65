"""Every metric: counters of what was done, and series of the newest report."""

from controller.metrics.metrics import Metrics

__all__ = ["Metrics"]
