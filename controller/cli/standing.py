"""What whoever reads the newest report must be told besides: how old it is, and why."""

import json
from datetime import datetime

from controller.cli.columns import age
from controller.cli.terminal import demo_line
from controller.printable import clean


def standing(
    at: datetime, server: str, *, running: bool, demo: bool, fault: str = ""
) -> tuple[str, ...]:
    """Lines for standard error; none where all is as it should be.

    Args:
        at: When the report was made.
        server: The address that it names.
        running: Whether a controller runs.
        demo: Whether the demo agent stands in for real ones.
        fault: What `list_fault` says.
    """
    lines = [demo_line()] if demo else []
    if not running:
        lines.append(f"no controller runs; this is as of {at:%Y-%m-%d %H:%M:%S}")
    elif store := _store_fault(server):
        lines.append(f"{store}; this is as of {at:%Y-%m-%d %H:%M:%S}")
    if fault:
        lines.append(f"the list is {fault}")
    return tuple(line for line in lines if line)


def list_fault(valid: bool, message: str, read_at: datetime | None, now: datetime) -> str:
    """Why the list as it is does not count, and since when; empty where it does.

    Args:
        valid: Whether its newest read was good.
        message: Why not.
        read_at: When it was last read well; None for never.
        now: The time.
    """
    if valid or not message:
        return ""
    if read_at is None:
        return f"NOT VALID, and was never read: {clean(message)}"
    return f"NOT VALID, the last good rows stand (read {age(read_at, now)} ago): {clean(message)}"


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
