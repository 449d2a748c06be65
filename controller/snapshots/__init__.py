"""Snapshots: the memory, the list and the settings of one moment, to go back to."""

from controller.snapshots.keep import Contents, create, forget, present
from controller.snapshots.manifest import Manifest
from controller.snapshots.restore import restore

__all__ = ["Contents", "Manifest", "create", "forget", "present", "restore"]
