"""The agent: forked, made leader of its own group, executed."""

import posix
from posix import _exit

from controller.redaction import Redactor
from controller.shim.kinship import follow_parent
from controller.shim.program import exec_refusal
from controller.shim.signals import set_default_signals
from controller.shim.stdlib import TYPE_CHECKING, Suppress

if TYPE_CHECKING:
    from collections.abc import Mapping


class Launch:
    """Everything that the agent's process needs to begin.

    Attributes:
        program: Absolute path of its program.
        argv: Its arguments, the first as the specification has it.
        environment: Its whole environment.
        folder: Descriptor of the folder that it works in.
        stdin: Descriptor of its standard input; None leaves it the terminal.
        output: Descriptor of its standard output; None leaves it the terminal.
        errors: Descriptor of its standard error; None: the same as its standard output.
        redactor: Knows the secrets of the environment.
    """

    __slots__ = (
        *("argv", "environment", "errors", "folder", "output", "program", "redactor", "stdin"),
    )

    def __init__(
        self,
        program: bytes,
        argv: list[bytes],
        environment: "Mapping[bytes, bytes]",
        folder: int,
        redactor: Redactor,
    ) -> None:
        self.program = program
        self.argv = argv
        self.environment = environment
        self.folder = folder
        self.redactor = redactor
        self.stdin: int | None = None
        self.output: int | None = None
        self.errors: int | None = None

    def close(self) -> None:
        """Give up what only the agent needs: its secrets and its descriptors."""
        self.environment = {}
        for fd in (self.folder, self.stdin, self.output, self.errors):
            if fd is not None:
                posix.close(fd)


def start(launch: Launch) -> int:
    """Fork, and return once the agent's program runs; all signals are held meanwhile.

    Args:
        launch: What to run, and how.

    Returns:
        The agent's pid, which is its process group's number too.

    Raises:
        RunError: `ExecFailed`.
    """
    # Closed by a successful exec, so that its end of file says that the program runs.
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    parent = posix.getpid()
    try:
        pid = posix.fork()
        if pid == 0:
            _become(launch, parent, writer)
    except OSError as error:
        posix.close(reader)
        raise exec_refusal(launch.program, error) from None
    finally:
        posix.close(writer)
    if launch.output is None:
        # In both processes, for either may be the first that needs the group.
        with Suppress(OSError):
            posix.setpgid(pid, pid)
    failure = posix.read(reader, 32)
    posix.close(reader)
    if failure:
        posix.waitpid(pid, 0)
        raise exec_refusal(launch.program, OSError(int(failure), ""))
    return pid


def take_terminal(group: int) -> None:
    """Put a process group into the foreground of the session's terminal, where there is one.

    Args:
        group: The group's number.
    """
    with Suppress(OSError):
        posix.tcsetpgrp(0, group)


def _become(launch: Launch, parent: int, errors: int) -> None:
    """Turn the forked process into the agent; never returns."""
    number = 0
    try:
        if not follow_parent(parent):
            _exit(143)
        if launch.output is None:
            posix.setpgid(0, 0)
            take_terminal(posix.getpid())
        else:
            # Without a terminal, a password prompt on /dev/tty fails instead of hanging unseen.
            posix.setsid()
            posix.dup2(launch.output, 1)
            posix.dup2(launch.output if launch.errors is None else launch.errors, 2)
        if launch.stdin is not None:
            posix.dup2(launch.stdin, 0)
        posix.fchdir(launch.folder)
        set_default_signals()
        posix.execve(launch.program, launch.argv, launch.environment)
    except OSError as error:
        number = error.errno or 0
    finally:
        posix.write(errors, b"%d" % number)
        _exit(127)
