"""The settings: config.yaml and the environment as one frozen value, read once."""

from controller.settings.faults import SettingsBusy, SettingsInvalid
from controller.settings.find import config_places, find_config
from controller.settings.load import load_settings
from controller.settings.model import Settings

__all__ = [
    "Settings",
    "SettingsBusy",
    "SettingsInvalid",
    "config_places",
    "find_config",
    "load_settings",
]
