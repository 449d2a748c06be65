"""The mode `--adopt RUN_DIR PID`: a run of a process that somebody else started.

A warden takes the place of the two shims. The process is not its child, so that neither its exit
status nor all of its orphans can be had; see `docs/run-folder.md`.
"""

import gc
import posix
import time
from posix import _exit

from controller.shim.faults import RunError, invalid, own_fault, say
from controller.shim.folder import RunFolder
from controller.shim.proc import read, start_ticks
from controller.shim.process import Process
from controller.shim.record import refuse
from controller.shim.spec import Spec, parse_spec
from controller.shim.started import read_record, read_started, write_started
from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.warden import Warden

if TYPE_CHECKING:
    from collections.abc import Sequence


def adopt(arguments: "Sequence[str]") -> int:
    """Start a warden in the background.

    Args:
        arguments: The run's folder, and the process's pid.

    Returns:
        The exit status: 0 once `started.json` is written and the warden watches, 2 for other
        arguments, 125 for a refusal, which `exit.json` explains unless the run was started before.
    """
    if len(arguments) != 2 or not arguments[1].isdecimal():
        say("After --adopt come the folder of a run and the pid of a process.")
        return 2
    try:
        folder = RunFolder(arguments[0])
    except OSError as error:
        say(f"The run's folder {arguments[0]} cannot be opened: {error.strerror}.")
        return 125
    pid = int(arguments[1])
    if folder.exists("exit.json") or not _claim(folder) or not _is_free(folder, pid):
        return _started_before(folder)
    try:
        spec, head = _prepare(folder, pid)
        posix.fchdir(folder.fd)
        return _detach(folder, spec, head)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the record must say so
        return refuse(folder, error if isinstance(error, RunError) else own_fault(error))


def _claim(folder: RunFolder) -> bool:
    """Be the only warden on a folder, as long as this process or what it forks lives.

    Where a file system knows no locks, only the record says that there is another.
    """
    import fcntl

    try:
        fcntl.flock(folder.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_free(folder: RunFolder, pid: int) -> bool:
    """Whether the run has not been started, or has lost its warden and is of this very process."""
    if not folder.exists("started.json"):
        return True
    record = read_record(folder)
    shims = record.get("shim")
    agent = (record.get("pid"), record.get("start_ticks"))
    return (
        isinstance(shims, list)
        and len(shims) == 1
        and agent == (pid, start_ticks(pid))
        and not _watches(shims[0], folder)
    )


def _watches(pid: object, folder: RunFolder) -> bool:
    """Whether a process is a warden on the folder, of whatever release."""
    words = read(f"/proc/{pid}/cmdline").split("\0")
    return "--adopt" in words and folder.path in words


def _prepare(folder: RunFolder, pid: int) -> tuple[Spec, Process]:
    """Read what the controller left, and look whether the process can be watched and ended."""
    try:
        folder.consume("env")  # nobody needs it
        spec = parse_spec(folder.read("spec.json"))
    except OSError as error:
        raise invalid(f"env or spec.json cannot be read: {error.strerror}") from None
    head = Process(pid)
    if not head.alive:
        raise RunError("ProcessMissing", f"There is no process {pid}: it has ended meanwhile.")
    if pid in _own_line():
        message = f"Process {pid} started this warden: its end would end the warden, or the server."
        raise RunError("ProcessForbidden", message)
    try:
        head.send(0)
    except PermissionError:
        message = f"Process {pid} belongs to another user, so that nobody here could end it."
        raise RunError("ProcessForbidden", message) from None
    return spec, head


def _own_line() -> list[int]:
    """List this process and those that it came from."""
    line = [posix.getpid(), 1]
    while line[0] > 1:
        fields = Process(line[0]).fields
        line.insert(0, int(fields[1]) if fields else 0)
    return line


def _detach(folder: RunFolder, spec: Spec, head: Process) -> int:
    """Go into the background, where neither a terminal nor a client of tmux ends the warden."""
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    if posix.fork():
        posix.close(writer)
        return int(posix.read(reader, 4) or b"125")
    posix.close(reader)
    _exit(_watch_over(folder, spec, head, writer))


def _watch_over(folder: RunFolder, spec: Spec, head: Process, caller: int) -> int:
    posix.setsid()
    gc.enable()
    warden = Warden(folder, spec, head)  # first, so that it watches already when the record says so
    at = read_started(folder)[1]
    again = at is not None
    at = time.time() if at is None else at
    if not write_started(folder, [posix.getpid()], head.pid, at, once=not again):
        if folder.exists("started.json"):
            _started_before(folder)
        else:
            say(f"The run's folder {folder.path} cannot be written, or has no hard links.")
        return 125
    null = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
    for fd in range(3):
        posix.dup2(null, fd)
    posix.write(caller, b"0")
    posix.close(caller)
    try:
        ending = warden.run()
    except BaseException:  # noqa: BLE001 - a defect; but a record would say that nothing is left
        return 125
    ending.started_at = at
    ending.write(folder)
    return 0


def _started_before(folder: RunFolder) -> int:
    say(f"The run in {folder.path} has been started before. A run is started once.")
    return 125
