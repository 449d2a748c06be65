"""From the arguments to the pair of shims."""

import posix
from posix import _exit

from controller.redaction import HIDDEN, Redactor, secret_values
from controller.shim.child import Launch
from controller.shim.faults import RunError, invalid, own_fault, say
from controller.shim.folder import RunFolder
from controller.shim.inner import watch_over
from controller.shim.kinship import become_subreaper, brand, follow_parent
from controller.shim.outer import stand_by, sweep
from controller.shim.program import find_program, open_folder
from controller.shim.signals import hold_signals
from controller.shim.spec import Spec, parse_environment, parse_spec
from controller.shim.stdlib import TYPE_CHECKING, Suppress, fsencode

if TYPE_CHECKING:
    from collections.abc import Sequence


_RUNS = (b"SIDEKICK_RUN_ID", b"SIDEKICK_RUN_DIR")
"""What nothing else may say."""


def main(argv: "Sequence[str]", bundle: str = "") -> None:
    """Run what a run's folder specifies, then exit with the agent's status.

    Args:
        argv: The program's name, and the run's folder; or `--adopt`, the folder and a pid.
        bundle: Where a bundle of the shim's modules shall be made, once there is time.
    """
    status = 125
    try:
        status = _run(argv, bundle)
    except BaseException as error:  # noqa: BLE001 - no traceback belongs into a person's pane
        say(own_fault(error).message)
    finally:
        # Without the interpreter's own good-byes: they take 2 ms and have nothing to flush.
        _exit(status)


def _run(argv: "Sequence[str]", bundle: str) -> int:
    _open_standard_descriptors()
    hold_signals()
    if argv[1:2] == ["--adopt"]:
        from controller.shim.adopt import adopt

        return adopt(argv[2:])
    if len(argv) != 2:
        say("This program is started by the controller, with the folder of a run.")
        return 2
    try:
        folder = RunFolder(argv[1])
    except OSError as error:
        say(f"The run's folder {argv[1]} cannot be opened: {error.strerror}.")
        return 125
    if folder.exists("started.json") or folder.exists("exit.json"):
        say(f"The run in {folder.path} has been started before. A run is started once.")
        return 125
    try:
        spec, launch = _prepare(folder)
        posix.fchdir(folder.fd)  # so that the shim keeps no other folder busy
    except BaseException as error:  # noqa: BLE001 - whatever it is, the record must say so
        from controller.shim.record import refuse

        sweep()
        return refuse(folder, error if isinstance(error, RunError) else own_fault(error))
    return _fork(folder, spec, launch, bundle)


def _prepare(folder: RunFolder) -> tuple[Spec, Launch]:
    """Read what the controller left, and look whether it can be run."""
    # First of all: whatever comes next, the secrets shall not stay on the disk.
    try:
        secrets = folder.consume("env")
    except OSError as error:
        raise invalid(f"env cannot be read: {error.strerror}") from None
    try:
        spec = parse_spec(folder.read("spec.json"))
    except OSError as error:
        raise invalid(f"spec.json cannot be read: {error.strerror}") from None
    given, own = parse_environment(secrets), _own_secrets(spec)
    environment = {
        **posix.environ,
        b"PWD": spec.folder,  # the session's own may be another
        **given,
        **own,
        **({HIDDEN: b",".join(own)} if own else {}),
        b"SIDEKICK_RUN_ID": spec.run,
        b"SIDEKICK_RUN_DIR": fsencode(folder.path),
    }
    if spec.tools is not None:
        path = environment.get(b"PATH")
        environment[b"PATH"] = b":".join((spec.tools, path)) if path else spec.tools
    # Before anything is begun: nothing of it shall be lost.
    become_subreaper()
    brand(spec.brand)
    if spec.worktree is not None:
        from controller.shim.work import make_worktree

        make_worktree(spec)
    descriptor = open_folder(spec.folder)
    program = find_program(spec.argv[0], spec.folder, environment)
    redactor = Redactor([*secret_values(environment), *own.values()])
    return spec, Launch(program, spec.argv, environment, descriptor, redactor)


def _own_secrets(spec: Spec) -> dict[bytes, bytes]:
    """What only the session's own place knows."""
    if spec.secrets is None:
        return {}
    from controller.shim.secrets import read_secrets

    variables = read_secrets(spec.secrets)
    return {name: variables[name] for name in variables if name not in _RUNS}


def _fork(folder: RunFolder, spec: Spec, launch: Launch, bundle: str) -> int:
    """Become two: the pane's process stands by, its child watches over the agent."""
    outer = posix.getpid()
    inner = posix.fork()
    if inner:
        launch.close()
        if bundle:
            _make(bundle)
        return stand_by(folder, spec, inner, launch.redactor)
    alone = not follow_parent(outer)
    _exit(watch_over(folder, spec, launch, outer, alone))


def _make(bundle: str) -> None:
    from controller.shim.bundle import write

    with Suppress(Exception):  # whatever it is, a run does without
        write(bundle)


def _open_standard_descriptors() -> None:
    """Fill gaps among 0, 1 and 2, where a pipe of ours would pass for the agent's own."""
    for fd in range(3):
        try:
            posix.fstat(fd)
        except OSError:
            posix.set_inheritable(posix.open("/dev/null", posix.O_RDWR), True)
