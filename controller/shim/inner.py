"""The inner shim: the agent's parent, up to the moment when the agent's program runs.

What is needed only from then on is imported only then, while the agent starts already: a module
takes 0.2 ms.
"""

import os
import time

from controller.shim import child
from controller.shim.faults import RunError, invalid, own_fault
from controller.shim.folder import RunFolder
from controller.shim.spec import Spec
from controller.shim.tree import Sweep, become_subreaper
from controller.shim.wakes import Wakes


def watch_over(
    folder: RunFolder, spec: Spec, launch: child.Launch, wakes: Wakes, outer: int
) -> int:
    """Run the agent to its end.

    Args:
        folder: The run's folder.
        spec: What to run.
        launch: How to run it.
        wakes: This process's own.
        outer: The outer shim's pid.

    Returns:
        The exit status that the pane's process shall have.
    """
    started_at = None
    try:
        become_subreaper()
        if wakes.told or folder.exists("stop"):
            from controller.shim.supervise import end_before_start

            return end_before_start(folder, spec, wakes, outer)
        reader = _open_streams(folder, spec, launch)
        agent = child.start(launch)
        started_at = time.time()
        launch.close()
        from controller.shim.supervise import supervise

        return supervise(folder, spec, wakes, outer, agent, started_at, reader)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the run ends and leaves word
        Sweep(spec.grace).finish(Wakes(), {})
        from controller.shim.record import refuse

        refusal = error if isinstance(error, RunError) else own_fault(error)
        return refuse(folder, refusal, started_at)


def _open_streams(folder: RunFolder, spec: Spec, launch: child.Launch) -> int | None:
    """Give a headless agent its input and output; returns the end of the pipe to read from."""
    if not spec.headless:
        return None
    try:
        if spec.stdin:
            launch.stdin = folder.open(spec.stdin, os.O_RDONLY)
        else:
            launch.stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise invalid(f"the standard input cannot be opened: {error}") from None
    reader, launch.output = os.pipe2(os.O_CLOEXEC)
    return reader
