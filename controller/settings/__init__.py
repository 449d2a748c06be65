"""The settings: config.yaml and the environment as one frozen value, read once."""

from controller.settings.faults import SettingsInvalid
from controller.settings.load import find_config, load_settings
from controller.settings.model import Settings

__all__ = ["Settings", "SettingsInvalid", "find_config", "load_settings"]
