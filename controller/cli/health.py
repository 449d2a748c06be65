"""Asking the running controller how it is, over loopback."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

DEADLINE = 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """The controller's own word.

    Attributes:
        healthy: The loop makes progress.
        said: Its word, or why there is none.
        faults: Stage → what failed in its newest tick.
    """

    healthy: bool
    said: str
    faults: Mapping[str, str] = field(default_factory=dict)


def ask(url: str) -> Health:
    """Ask `/healthz`; whoever does not answer is not healthy."""
    if not url:
        return Health(False, "starting")
    request = urllib.request.Request(f"{url}/healthz")  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return _health(True, answer.read())
    except urllib.error.HTTPError as error:
        return _health(False, error.read())
    except OSError as error:
        return Health(False, f"{url} does not answer: {error}")


def _health(healthy: bool, content: bytes) -> Health:
    try:
        data = json.loads(content)
        faults = {str(stage): str(text) for stage, text in data["faults"].items()}
        return Health(healthy, str(data["status"]), faults)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Health(False, "its answer cannot be understood")
