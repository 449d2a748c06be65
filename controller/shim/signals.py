"""Signals while nobody handles them yet: held, so that none is lost."""

from controller.shim.stdlib import Suppress, signal


def hold_signals() -> None:
    """Keep all signals pending, until a `Wakes` lets them in or sigwait(3) takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    # Where a parent left it ignored, the kernel would collect our children unseen.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def end_is_pending() -> bool:
    """Tell whether a held signal wants this process to end."""
    return not signal.sigpending().isdisjoint((signal.SIGTERM, signal.SIGHUP))


def set_default_signals() -> None:
    """Undo everything for a program to be executed; what was held comes in now.

    Python ignores SIGPIPE and SIGXFSZ, others leave more; ignored signals outlive an exec. A
    handler does not, but would take what comes before.
    """
    for number in signal.valid_signals():
        if signal.getsignal(number) != signal.SIG_DFL:
            with Suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
