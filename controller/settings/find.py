"""Finding the file of the settings."""

from collections.abc import Mapping
from pathlib import Path

from controller.settings.faults import SettingsInvalid

CONFIG = "config.yaml"
CONFIG_VARIABLE = "SIDEKICK_CONFIG"


def find_config(given: str | None, environment: Mapping[str, str], here: Path) -> Path:
    """The file of the settings: the one named, or config.yaml here or in a folder above.

    Raises:
        SettingsInvalid: There is none.
    """
    places = config_places(given, environment, here)
    for path in places:
        if _is_file(path):
            return path
    if given or environment.get(CONFIG_VARIABLE):
        what = (
            "is a folder; name the file in it" if _is_folder(places[0]) else "there is no such file"
        )
        raise SettingsInvalid([f"{places[0]}: {what}; see --config"])
    raise SettingsInvalid(
        [f"no {CONFIG} in {here} or above; go to the project's folder, or give --config FILE"]
    )


def config_places(
    given: str | None, environment: Mapping[str, str], here: Path
) -> tuple[Path, ...]:
    """Where the file of the settings may be, the nearest first; one place where it is named."""
    named = given or environment.get(CONFIG_VARIABLE)
    if not named:
        return tuple(folder / CONFIG for folder in (here, *here.parents))
    try:
        return ((here / named).resolve(),)
    except (OSError, ValueError, RuntimeError):  # no file can be there
        return (here / named,)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder on the way may not be looked into
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
