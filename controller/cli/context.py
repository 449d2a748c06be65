"""What most commands need: the settings and the parts."""

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from controller.cli import stamp
from controller.cli.terminal import warn
from controller.core.report import VERSION, ProjectView, Report
from controller.layout import DATABASE, LOCK
from controller.locks import Holder, held_by
from controller.settings import (
    Settings,
    SettingsBusy,
    SettingsInvalid,
    config_places,
    find_config,
    load_settings,
)
from controller.settings.environment import secret_variables, variables
from controller.settings.kept import kept
from controller.settings.load import SCHEMA
from controller.settings.model import RESTART_SECTIONS

if TYPE_CHECKING:
    from controller.app import App


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the command line names.

    Raises:
        SettingsInvalid: There are none, or they have faults.
        SettingsBusy: Their file is in the midst of a save.
    """
    return load_settings(find_config(options.config, os.environ, Path.cwd()), os.environ)


def settings_in_force(options: argparse.Namespace) -> Settings:
    """What a look or an order goes by: the controller's own settings where the file's do not count.

    The next quick look need not check them again.

    Raises:
        SettingsInvalid: They have faults, and no controller kept any.
        SettingsBusy: Their file is in the midst of a save, and no controller kept any.
    """
    places = config_places(options.config, os.environ, Path.cwd())
    places = tuple(filter(os.path.isfile, places))[:1] or places
    before = stamp.mark(str(places[0]))
    known = [found for place in places for found in kept(place, os.environ)]
    running = next((found for found in known if controller_of(found)), None)
    try:
        settings = settings_of(options)
    except (SettingsInvalid, SettingsBusy) as error:
        last = running or next(iter(known), None)
        if last is None:
            raise
        for line in error.message.splitlines():
            warn(line)
        whose = "the running controller goes by" if running else "the last controller went by"
        warn(f"until that is mended, what counts is what {whose}")
        return last
    if running:
        sections = {name: getattr(running, name) for name in RESTART_SECTIONS}
        if any(getattr(settings, name) != value for name, value in sections.items()):
            return settings.model_copy(update=sections)
    if stamp.mark(str(places[0])) == before:
        _stamp(places[0], settings)
    return settings


def _stamp(path: Path, settings: Settings) -> None:
    paths = settings.paths
    facts = {
        "document": VERSION,
        "database": str(paths.state / DATABASE),
        "lock": str(paths.state / LOCK),
        "demo": settings.demo,
        "form": [[field.name for field in fields(kind)] for kind in (Report, ProjectView)],
    }
    files = (str(path), str(paths.schemas / SCHEMA))
    names = {*variables(), "HOME"} - secret_variables()  # a note that holds none of them
    stamp.leave(str(paths.state), str(path), files, names, os.environ, facts)


def build_app(settings: Settings, *, readonly: bool = False) -> "App":
    """All parts, put together on this process's environment."""
    from controller.assembly import build  # takes as long as all else that most commands do

    return build(settings, os.environ, readonly=readonly)


def controller_of(settings: Settings) -> Holder | None:
    """The running controller, or None."""
    return held_by(settings.paths.state / LOCK)
