"""The record that the agent runs: `started.json`."""

from controller.shim.folder import RunFolder
from controller.shim.proc import start_ticks
from controller.shim.spec import VERSION, number_in
from controller.shim.stdlib import Suppress, loads

NAME = "started.json"


def write_started(
    folder: RunFolder, shims: list[int], agent: int, at: float, once: bool = False
) -> bool:
    """Write the record.

    Args:
        folder: The run's folder.
        shims: The pids of those that watch over the agent, the outermost first.
        agent: The agent's pid.
        at: When it had exec'ed, or was adopted.
        once: Whether a record that is there already shall stay.

    Returns:
        Whether it was written.
    """
    record = {
        "version": VERSION,
        "pid": agent,
        "start_ticks": start_ticks(agent),
        "shim": shims,
        "at": at,
    }
    # Not synced: a loss of power that loses the file ends the agent that it is about too.
    return folder.write(NAME, record, sync=False, once=once)


def read_record(folder: RunFolder) -> dict[str, object]:
    """Read the record again.

    Args:
        folder: The run's folder.

    Returns:
        What it holds; empty where there is none, or it is none.
    """
    with Suppress(OSError, ValueError):
        started = loads(folder.read(NAME).decode())
        if isinstance(started, dict):
            return started
    return {}


def read_started(folder: RunFolder) -> tuple[int, float | None]:
    """Read the record again, where only its writer knew what is in it.

    Args:
        folder: The run's folder.

    Returns:
        The agent's pid, and when it had exec'ed; 0 and None where it never ran, or where the agent
        made the record another.
    """
    record = read_record(folder)
    pid, at = record.get("pid"), number_in(record.get("at"), 0.0)
    if isinstance(pid, int) and at is not None:
        return pid, at
    return 0, None
