"""What most commands need: the settings, the parts, and a project by its name."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from controller.app import LOCK, App, build
from controller.cli.errors import NotFound
from controller.core.words import fold
from controller.locks import Holder, held_by
from controller.settings import Settings, find_config, load_settings

COMMAND_VARIABLE = "SIDEKICK_COMMAND"


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the command line names."""
    path = find_config(options.config, os.environ, Path.cwd())
    return load_settings(path, os.environ)


def build_app(settings: Settings, *, readonly: bool = False) -> App:
    """All parts, put together on this process's environment."""
    return build(settings, os.environ, readonly=readonly)


def controller_of(settings: Settings) -> Holder | None:
    """The running controller, or None."""
    return held_by(settings.paths.state / LOCK)


def command() -> str:
    """How the user calls us, for texts that tell what to type."""
    return os.environ.get(COMMAND_VARIABLE) or "sidekick"


def warn(text: str) -> None:
    """A line on standard error."""
    print(f"sidekick: {text}", file=sys.stderr)


def tell_demo(*, demo: bool) -> None:
    """On a terminal, say that no real agent runs."""
    if demo and sys.stderr.isatty():
        warn("demo: the demo agent stands in for every real one, no credit is spent")


def pick(name: str, names: Iterable[str]) -> str:
    """The project meant by a name: exact, or the only one that begins so.

    Raises:
        NotFound: None does, or several do.
    """
    known = list(names)
    if name in known:
        return name
    wanted = fold(name.replace("-", " "))
    matches = [full for full in known if fold(full.replace("-", " ")).startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NotFound("Ambiguous", f"{name!r} may be {', '.join(matches)}")
    raise NotFound("NotFound", f"no project {name!r}; there are: {', '.join(known) or 'none'}")
