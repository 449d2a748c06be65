"""What most commands need: the settings and the parts."""

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from controller.cli import stamp
from controller.core.report import VERSION, ProjectView, Report
from controller.layout import DATABASE, LOCK
from controller.locks import Holder, held_by
from controller.settings import Settings, find_config, load_settings
from controller.settings.environment import secret_variables, variables
from controller.settings.load import SCHEMA

if TYPE_CHECKING:
    from controller.app import App


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the command line names; the next quick look need not check them again."""
    path = find_config(options.config, os.environ, Path.cwd())
    before = stamp.mark(str(path))
    settings = load_settings(path, os.environ)
    if stamp.mark(str(path)) == before:
        _stamp(path, settings)
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
