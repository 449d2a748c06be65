"""What whoever reads the newest report must be told besides: how old it is, and why."""

import json
from datetime import datetime

from controller.cli.terminal import demo_line


def standing(at: datetime, server: str, *, running: bool, demo: bool) -> tuple[str, ...]:
    """Lines for standard error; none where all is as it should be.

    Args:
        at: When the report was made.
        server: The address that it names.
        running: Whether a controller runs.
        demo: Whether the demo agent stands in for real ones.
    """
    lines = [demo_line()] if demo else []
    if not running:
        lines.append(f"no controller runs; this is as of {at:%Y-%m-%d %H:%M:%S}")
    elif fault := _store_fault(server):
        lines.append(f"{fault}; this is as of {at:%Y-%m-%d %H:%M:%S}")
    return tuple(line for line in lines if line)


def _store_fault(server: str) -> str:
    """Why the running controller cannot keep its newest report; empty where it can."""
    if not server:
        return ""
    from controller.cli.wire import exchange  # a socket is needed beside a controller alone

    try:
        _, body = exchange(server, "/healthz")
        return str(json.loads(body)["faults"].get("store", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
