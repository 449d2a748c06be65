"""An agent that makes a tree of processes; each names itself by its run, whatever else it hides.

Its argument is `KIND WHEN`: how its child gets away, and how it ends itself.
"""

import os
import signal
import sys
import time
from pathlib import Path

run = os.environ.get("SIDEKICK_RUN_ID", "")
KIND, WHEN = sys.argv[1].split()


def harden() -> None:
    """Ignore what asks for the end."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def become_sleeper(environment: dict[str, str]) -> None:
    """Turn into a program that shows the run as its name, and sleeps on."""
    os.execve("/bin/sleep", [f"tree:{run}", "1000"], environment)


def beget(*, twice: bool, apart: bool, environment: dict[str, str], bare: bool = False) -> None:
    """Fork a child that sleeps; return once it does."""
    reader, writer = os.pipe2(os.O_CLOEXEC)  # its end of file says that the child has exec'ed
    pid = os.fork()
    if pid == 0:
        if apart:
            os.setsid()
        if twice and os.fork():
            os._exit(0)
        if bare:
            os.chdir("/")
            null = os.open("/dev/null", os.O_RDWR)
            for descriptor in range(3):
                os.dup2(null, descriptor)
        become_sleeper(environment)
    if twice:
        os.waitpid(pid, 0)
    os.close(writer)
    os.read(reader, 1)


if WHEN != "runs" or KIND == "stubborn":
    harden()
Path(f"tree:{run}.main").write_text(str(os.getpid()))
inherited = dict(os.environ)
match KIND:
    case "plain":
        beget(twice=False, apart=False, environment=inherited)
    case "daemon":
        beget(twice=True, apart=True, environment=inherited)
    case "setsid":
        beget(twice=False, apart=True, environment=inherited)
    case "stubborn":
        harden()
        beget(twice=True, apart=True, environment=inherited)
    case "cleared":
        harden()
        beget(twice=True, apart=True, environment={}, bare=True)
Path(f"tree:{run}.up").touch()
if KIND == "cleared" and WHEN == "runs":
    become_sleeper({})
while WHEN != "exits" or not Path("go").exists():
    time.sleep(0.02)
