"""Asking the running controller how it is, over loopback."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.cli.wire import exchange


@dataclass(frozen=True, slots=True)
class Health:
    """The controller's own word.

    Attributes:
        healthy: The loop makes progress.
        said: Its word, or why there is none.
        ready: The list was read, and the sessions were seen.
        faults: Stage → what failed in its newest tick.
    """

    healthy: bool
    said: str
    ready: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)


def ask(url: str, token: str) -> Health:
    """Ask `/healthz` and `/readyz`; whoever does not answer is not healthy."""
    if not url:
        return Health(False, "starting")
    try:
        status, body = exchange(url, "/healthz", token=token)
        ready, _ = exchange(url, "/readyz", token=token)
    except OSError as error:
        return Health(False, f"{url} does not answer: {error}")
    try:
        data = json.loads(body)
        faults = {str(stage): str(text) for stage, text in data["faults"].items()}
        return Health(status == 200, str(data["status"]), ready == 200, faults)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Health(False, "its answer cannot be understood")
