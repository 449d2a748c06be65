"""The outer shim: the pane's process. Stands by, and takes over where the inner one is killed."""

import posix

from controller.redaction import Redactor
from controller.shim.folder import RunFolder
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, signal

_AWAITED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP)


def stand_by(folder: RunFolder, spec: Spec, inner: int, redactor: Redactor) -> int:
    """Wait for the inner shim, and pass on to it what the session is told.

    All signals are held, so that none can slip through between two calls of sigwait(3).

    Args:
        folder: The run's folder.
        spec: What runs.
        inner: The inner shim's pid.
        redactor: Knows the agent's secrets.

    Returns:
        The exit status that the pane's process shall have.
    """
    status = None
    while status is None:
        if signal.sigwait(_AWAITED) != signal.SIGCHLD:
            with Suppress(OSError):
                posix.kill(inner, signal.SIGTERM)
        pid, changed = posix.waitpid(inner, posix.WNOHANG | posix.WUNTRACED)
        if pid and posix.WIFSTOPPED(changed):
            # By its own agent, say. It would hear no request; tmux sets us going likewise.
            with Suppress(OSError):
                posix.kill(inner, signal.SIGCONT)
        elif pid:
            status = changed
    if posix.WIFEXITED(status):
        sweep()
        return posix.WEXITSTATUS(status)
    return _take_over(folder, spec, status, redactor)


def sweep() -> None:
    """End what is left below this process, which is nothing but after a defect."""
    try:
        posix.waitpid(-1, posix.WNOHANG)
    except ChildProcessError:
        return
    from controller.shim.tree import Sweep
    from controller.shim.wakes import Wakes

    Sweep(0).finish(Wakes(), {})


def _take_over(folder: RunFolder, spec: Spec, status: int, redactor: Redactor) -> int:
    # A run without mishap does without these.
    from controller.shim import log
    from controller.shim.child import take_terminal
    from controller.shim.record import Ending
    from controller.shim.started import read_started
    from controller.shim.tree import Sweep
    from controller.shim.wakes import Wakes

    # The agent has got SIGTERM from the kernel as its parent died; it gets its grace as always.
    agent, started_at = read_started(folder)
    sweep = Sweep(spec.grace, agent)
    statuses: dict[int, int] = {}
    sweep.finish(Wakes(), statuses)
    ending = Ending("lost")
    ending.status = statuses.get(agent)
    ending.started_at = started_at
    ending.leftovers = len(sweep.met)
    if not spec.headless:
        from controller.shim.scrub import Scrub

        # With a descriptor of the moment, for that of the inner one went with it.
        with Suppress(OSError):
            Scrub(folder.open(log.NAME, posix.O_RDWR), redactor).end()
    ending.output = redactor.whole(log.end_of(folder))
    take_terminal(posix.getpgrp())
    ending.write(folder)
    return 128 + posix.WTERMSIG(status) if ending.status is None else ending.code
