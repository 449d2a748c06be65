"""The stamp: a note in the state folder about the settings that were last found in order.

Checking the settings takes far longer than a look at the newest report. As long as nothing that
they come from changed since they were checked, the stamp tells a quick look the little that it
needs of them; otherwise they are checked again.
"""
# ruff: noqa: PTH105, PTH111, PTH112, PTH113, PTH116, PTH118, PTH120, PTH123 - pathlib costs 8 ms

import json
import os
from collections.abc import Iterable, Mapping

from controller import __version__

NAME = "settings.stamp"
_CONFIG = "config.yaml"
_CONFIG_VARIABLE = "SIDEKICK_CONFIG"
_STATE_VARIABLE = "SIDEKICK_PATHS_STATE"
_STATE = "state"
_LIMIT = 1_048_576
"""Characters; a stamp has some thousand."""
_STUMBLES = (ValueError, KeyError, AttributeError, TypeError, RecursionError)
"""What a file that is odd, or a PyYAML without its C loader, raises."""


def leave(
    state: str,
    config: str,
    files: Iterable[str],
    variables: Iterable[str],
    environment: Mapping[str, str],
    facts: Mapping[str, object],
) -> None:
    """Note that the settings are in order; without a state folder there is nothing to look at.

    Args:
        state: The state folder.
        config: The file of the settings, as it was found.
        files: Every file that the settings come from.
        variables: Every variable that they may come from.
        environment: The process's environment.
        facts: What a quick look needs to know of them; JSON values.
    """
    document = {
        "version": __version__,
        "config": config,
        "state": state,
        "files": {file: mark(file) for file in files},
        "environment": {name: environment.get(name) for name in sorted(variables)},
        "facts": dict(facts),
    }
    path = os.path.join(state, NAME)
    if not os.path.isdir(state) or document == _read(path):
        return
    temporary = f"{path}.{os.getpid()}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.replace(temporary, path)
    except OSError:
        pass  # the next look takes longer, that is all


def mark(file: str) -> list[int]:
    """What tells that a file changed; empty where there is none."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):  # ValueError: no file can have that name
        return []
    return [status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev]


def known(environment: Mapping[str, str], here: str) -> Mapping[str, object] | None:
    """The facts about the settings that hold here; None where they must be checked first."""
    config = _find(environment, here)
    stamp = _nearest(config, environment) if config else None
    if stamp is None or stamp.get("version") != __version__ or stamp.get("config") != config:
        return None
    files, variables, facts = stamp.get("files"), stamp.get("environment"), stamp.get("facts")
    if not (isinstance(files, dict) and isinstance(variables, dict) and isinstance(facts, dict)):
        return None
    same = all(mark(file) == seen for file, seen in files.items())
    same = same and all(environment.get(name) == text for name, text in variables.items())
    return facts if same else None


def _find(environment: Mapping[str, str], here: str) -> str:
    """The file of the settings, as `controller.settings.find_config` finds it; empty for none."""
    named = environment.get(_CONFIG_VARIABLE)
    if named:
        return os.path.realpath(os.path.join(here, named))
    folder = here
    while not os.path.isfile(os.path.join(folder, _CONFIG)):
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
    return os.path.join(folder, _CONFIG)


def _nearest(config: str, environment: Mapping[str, str]) -> dict[str, object] | None:
    """The stamp in the state folder that the settings seem to name, where it says so too."""
    base = os.path.realpath(os.path.dirname(config))
    named = environment.get(_STATE_VARIABLE)
    stamp = _stamp(base, named or _STATE)
    if stamp is None and not named:
        elsewhere = _state_of(config)
        stamp = _stamp(base, elsewhere) if elsewhere else None
    return stamp


def _stamp(base: str, folder: str) -> dict[str, object] | None:
    state = os.path.normpath(os.path.join(base, os.path.expanduser(folder)))
    stamp = _read(os.path.join(state, NAME))
    return stamp if stamp and stamp.get("state") == state else None


def _state_of(config: str) -> str:
    """The state folder that the file names; empty where it names none in so many words."""
    try:
        with open(config, "rb") as file:
            content = file.read()
        if b"paths" not in content:
            return ""
    except OSError:
        return ""
    import yaml  # takes as long to import as all the rest

    try:
        folder = yaml.load(content, Loader=yaml.CSafeLoader)["paths"]["state"]
    except (yaml.YAMLError, *_STUMBLES):
        return ""
    return folder if isinstance(folder, str) else ""


def _at_once(path: str, mode: int) -> int:
    return os.open(path, mode | os.O_NONBLOCK)  # a pipe of that name would never answer


def _read(path: str) -> dict[str, object] | None:
    try:
        with open(path, encoding="utf-8", opener=_at_once) as file:
            document = json.loads(file.read(_LIMIT))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
