"""The families of the program itself: its version, and what its process takes."""

from prometheus_client import CollectorRegistry, GCCollector, Info
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from controller import __version__
from controller.metrics.table import PREFIX


def register_platform(registry: CollectorRegistry) -> None:
    """Show version, process, interpreter and garbage collector, under the names that all use."""
    build = Info("build", "The running version.", namespace=PREFIX, registry=registry)
    build.info({"version": __version__})
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
