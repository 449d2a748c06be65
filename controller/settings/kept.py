"""The settings that a controller goes by, kept in its state folder.

With them a command can look, and stop, while config.yaml cannot be used or says something that
counts only after a restart. Secrets are not kept: whoever needs them reads the file itself.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from controller.files import read_small, write_whole
from controller.settings.model import Settings

NAME = "settings.json"
_STATE_VARIABLE = "SIDEKICK_PATHS_STATE"
_DEFAULT = "state"
_NAMED = re.compile(r"\bstate[\"']?:[ \t]*[\"']?([^\s\"',}#]+)")
"""Where a file names its state folder, whether it is YAML just now or not."""


def keep(settings: Settings) -> None:
    """Keep the settings, for their owner alone; a full disk costs no more than this help.

    Args:
        settings: Those in force, with absolute paths.
    """
    # What was not set is left out: some settings may not be set together.
    values = settings.model_dump(mode="json", exclude_unset=True)
    values.get("notifications", {}).pop("urls", None)
    for section in values.get("agents", {}).values():
        section.pop("environment", None)
    document = {"file": str(settings.file), "settings": values}
    with suppress(OSError):
        write_whole(settings.paths.state / NAME, json.dumps(document).encode())


def kept(file: Path, environment: Mapping[str, str]) -> Iterator[Settings]:
    """What controllers of a file of settings kept: that of the folder it seems to name first.

    Args:
        file: config.yaml, which need not be valid, nor be there.
        environment: The process's own.
    """
    for folder in dict.fromkeys(_states(file, environment)):
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError):
            document = json.loads(read_small(folder / NAME))
            settings = Settings.model_validate(document["settings"])
            if document["file"] == str(file) and settings.paths.state == folder:
                yield settings.read_from(file)


def _states(file: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Folders that may be the state's, the likeliest first."""
    text = ""
    with suppress(OSError, ValueError):
        text = read_small(file).decode("utf-8", errors="replace")
    for named in (environment.get(_STATE_VARIABLE), *_NAMED.findall(text), _DEFAULT):
        if named:
            with suppress(RuntimeError):  # a home that nobody knows
                base = file.parent.resolve()
                yield Path(os.path.normpath(base / Path(named).expanduser()))
