"""The store: memory, events and the newest report in one SQLite file."""

from controller.store.database import StoreUnavailable
from controller.store.facts import read_report
from controller.store.journal import Journal
from controller.store.store import Store

__all__ = ["Journal", "Store", "StoreUnavailable", "read_report"]
