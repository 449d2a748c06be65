"""The run's work as git sees it: the worktree before the agent begins, the figures after its end.

Git runs in a process of its own (`controller.shim.worktree`), without the agent's secrets.
"""

import posix
import select
import sys
import time
from posix import _exit

from controller.shim.faults import RunError
from controller.shim.folder import RunFolder
from controller.shim.kinship import follow_parent
from controller.shim.signals import set_default_signals
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, loads, signal

NAME = "work.json"
BEGIN_SECONDS = 300.0
"""For a checkout of a large repository."""
FIGURES_SECONDS = 10.0
"""The record of the run's end waits for the figures."""
_GRACE = 2.0
"""Seconds beyond what git itself gets, in which the program says that it was too long."""
_MOST = 65_536


def make_worktree(spec: Spec) -> None:
    """See that the worktree is there in which the agent is to work.

    Args:
        spec: What to run.

    Raises:
        RunError: It cannot be; with the reasons that `docs/run-folder.md` lists.
    """
    assert spec.worktree is not None
    answer = _ask("begin", spec, BEGIN_SECONDS)
    if answer is None:
        raise RunError("GitFailed", f"Making the worktree {_text(spec.folder)} failed. Try again.")
    reason, message = answer.get("reason"), answer.get("message")
    if isinstance(reason, str) and isinstance(message, str):
        raise RunError(reason, message)


def record_work(folder: RunFolder, spec: Spec) -> None:
    """Write `work.json`, where the agent's folder is a repository; what cannot be seen is left out.

    Args:
        folder: The run's folder.
        spec: What ran.
    """
    folder.remove(NAME)  # the agent's own, if it is there
    try:
        posix.stat(spec.folder + b"/.git", follow_symlinks=False)
    except OSError:
        return
    answer = _ask("figures", spec, FIGURES_SECONDS)
    if answer and "reason" not in answer:
        folder.write(NAME, answer, sync=False)


def _ask(verb: str, spec: Spec, seconds: float) -> dict[str, object] | None:
    """Run the program; its answer, or None where it gave none in time.

    Whatever it began ends with it, and what left its group, with the run.
    """
    repository, branch, fresh = spec.worktree or (b"", b"", False)
    # A module that came from the bundle has no file of its own to tell.
    program = f"{sys.argv[0].rpartition('/')[0]}/worktree/__main__.py"
    argv = [sys.executable, "-I", "-S", program, verb, str(seconds)]
    parts: list[str | bytes] = [*argv, spec.folder, repository, branch, "1" if fresh else ""]
    environment = {**posix.environ, b"SIDEKICK_RUN_ID": spec.run}
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    parent = posix.getpid()
    pid = posix.fork()
    if pid == 0:
        _become(parts, environment, parent, writer)
    posix.close(writer)
    try:
        content = _read(reader, time.monotonic() + seconds + _GRACE)
    finally:
        posix.close(reader)
        with Suppress(OSError):
            posix.killpg(pid, signal.SIGKILL)
        with Suppress(OSError):
            posix.kill(pid, signal.SIGKILL)
        with Suppress(ChildProcessError):
            posix.waitpid(pid, 0)
    try:
        answer = loads(content.decode())
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _become(
    argv: list[str | bytes], environment: dict[bytes, bytes], parent: int, output: int
) -> None:
    """Turn the forked process into the program; never returns."""
    try:
        if follow_parent(parent):
            posix.setsid()
            null = posix.open("/dev/null", posix.O_RDWR)
            posix.dup2(null, 0)
            posix.dup2(null, 2)
            posix.dup2(output, 1)
            set_default_signals()
            posix.execve(sys.executable, argv, environment)
    finally:
        _exit(127)


def _read(fd: int, deadline: float) -> bytes:
    """Read to the end, the deadline or the bound."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    content = bytearray()
    while len(content) <= _MOST:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            break
        part = posix.read(fd, 65_536)
        if not part:
            break
        content += part
    return bytes(content)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")
