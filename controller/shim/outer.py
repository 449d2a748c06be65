"""The outer shim: the pane's process. Stands by, and takes over where the inner one is killed."""

import os

from controller.shim.child import take_terminal
from controller.shim.folder import RunFolder
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, signal
from controller.shim.tree import Sweep, reap
from controller.shim.wakes import Wakes


def stand_by(folder: RunFolder, spec: Spec, wakes: Wakes, inner: int) -> int:
    """Wait for the inner shim, and pass on to it what the session is told.

    Args:
        folder: The run's folder.
        spec: What runs.
        wakes: This process's own.
        inner: The inner shim's pid.

    Returns:
        The exit status that the pane's process shall have.
    """
    statuses: dict[int, int] = {}
    while reap(statuses)[0] and inner not in statuses:
        if wakes.told:
            wakes.told = False
            with Suppress(OSError):
                os.kill(inner, signal.SIGTERM)
        wakes.wait(None)
    status = statuses[inner]
    if os.WIFEXITED(status):
        Sweep(0).finish(wakes, statuses)
        return os.WEXITSTATUS(status)
    from controller.shim import log  # a run without mishap does without these
    from controller.shim.record import Ending, read_started

    # The agent has got SIGTERM from the kernel as its parent died; it gets its grace as always.
    agent, started_at = read_started(folder)
    sweep = Sweep(spec.grace, agent)
    sweep.finish(wakes, statuses)
    ending = Ending("lost")
    ending.status = statuses.get(agent)
    ending.started_at = started_at
    ending.leftovers = len(sweep.met)
    ending.output = log.end_of(folder)
    take_terminal(os.getpgrp())
    ending.write(folder)
    return 128 + os.WTERMSIG(status) if ending.status is None else ending.code
