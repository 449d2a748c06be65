"""The inner shim: the agent's parent, up to the moment when the agent's program runs.

What is not needed at once is imported later. The rest is imported before the forks: a
page that is touched after one is copied, so that an import costs twice as much.
"""

import posix
import time

from controller.shim import child, log
from controller.shim.faults import RunError, invalid, own_fault
from controller.shim.folder import RunFolder
from controller.shim.kinship import become_subreaper
from controller.shim.notices import notice_files, notice_output
from controller.shim.signals import end_is_pending
from controller.shim.spec import Spec
from controller.shim.started import write_started
from controller.shim.stdlib import signal

CALM = 3.0
"""Seconds without an event before the shim makes itself ready for all that may come. Until then the
processors are the other agents', where a hundred sessions start at once."""

_AWAITED = (signal.SIGCHLD, signal.SIGIO, signal.SIGTERM, signal.SIGHUP)


def watch_over(folder: RunFolder, spec: Spec, launch: child.Launch, outer: int, alone: bool) -> int:
    """Run the agent to its end.

    Args:
        folder: The run's folder.
        spec: What to run.
        launch: How to run it.
        outer: The outer shim's pid.
        alone: Whether the outer shim is gone already.

    Returns:
        The exit status that the pane's process shall have.
    """
    started_at = None
    try:
        become_subreaper()
        if alone or end_is_pending() or folder.exists("stop"):
            from controller.shim.supervise import end_before_start

            return end_before_start(folder, spec, outer, alone)
        outputs = _open_streams(folder, spec, launch)
        agent = child.start(launch)
        started_at = time.time()
        launch.close()
        write_started(folder, [outer, posix.getpid()], agent, started_at)
        _settle(folder, spec)
        from controller.shim.supervise import supervise

        return supervise(folder, spec, outer, agent, started_at, outputs, launch.redactor)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the run ends and leaves word
        from controller.shim.record import refuse
        from controller.shim.tree import Sweep
        from controller.shim.wakes import Wakes

        Sweep(spec.grace).finish(Wakes(), {})
        refusal = error if isinstance(error, RunError) else own_fault(error)
        return refuse(folder, refusal, started_at)


def _open_streams(folder: RunFolder, spec: Spec, launch: child.Launch) -> list[int]:
    """Give a headless agent its input and output, and return the ends of the pipes to read from.

    An interactive one has the terminal's; then it is the log, held before the agent can move it.
    """
    if not spec.headless:
        return [log.create(folder)]
    try:
        if spec.stdin:
            launch.stdin = folder.open(spec.stdin, posix.O_RDONLY)
            posix.set_blocking(launch.stdin, True)  # as every program expects it
        else:
            launch.stdin = posix.open("/dev/null", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError as error:
        raise invalid(f"the standard input cannot be opened: {error}") from None
    reader, launch.output = posix.pipe2(posix.O_CLOEXEC)
    readers = [reader]
    if spec.stream:
        # Apart, for a warning in the middle of an event's line would spoil it.
        reader, launch.errors = posix.pipe2(posix.O_CLOEXEC)
        readers.append(reader)
    for reader in readers:
        notice_output(reader, True)
    return readers


def _settle(folder: RunFolder, spec: Spec) -> None:
    """Wait until something happens, or all has been calm for a while."""
    notice_files(folder.fd)
    until = time.monotonic() + CALM
    while not folder.exists("stop"):
        came = signal.sigtimedwait(_AWAITED, max(0.0, until - time.monotonic()))
        if came is None:
            return
        if came.si_signo in (signal.SIGTERM, signal.SIGHUP):
            posix.kill(posix.getpid(), came.si_signo)  # for who handles it from now on
        # In an interactive run SIGIO is no output, but the log that the runtime begins, say.
        if came.si_signo != signal.SIGIO or spec.headless:
            return
