"""What the system gives no more of: descriptors, notices of changes. The loop goes on and tells."""

import resource
import subprocess
from pathlib import Path

import pytest

from tests.e2e import lab as lab_module
from tests.e2e.lab import SIDEKICK, Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'


@pytest.mark.slow
def test_no_descriptor_is_left(lab: Lab) -> None:
    """Nothing is stopped or started, each fault is told once; with more of them all goes on."""
    lab.settle_in(
        f"One,1,Pending,sh,,{WORKS},,,,", f"Two,2,Pending,tty,,{WORKS},,,,",
        f"Later,3,Paused,,,{WORKS},,,,", times={"tick": 0.5, "stop_grace": 1},
    )  # fmt: skip
    controller = lab.start()
    for name in ("One", "Two"):
        lab.wait_reason(name, "Running")
    agents = lab.agents()
    # None can be had, whichever of those that are open is given back meanwhile.
    before = resource.prlimit(controller.pid, resource.RLIMIT_NOFILE, (3, 20_000))
    lab.edit("Later", Status="Pending")
    wait_for("the fault", lambda: "ObserveFailed" in lab.output())
    assert lab.get("/healthz") is None
    wait_for("the server's word", lambda: "takes no connection" in lab.output())
    assert controller.poll() is None
    assert lab.agents() == agents
    assert all(alive(pid) for pid in agents.values())

    resource.prlimit(controller.pid, resource.RLIMIT_NOFILE, before)
    lab.wait_reason("Later", "Running", 30)
    assert lab.agents().items() >= agents.items()
    log = lab.output()
    assert "Traceback" not in log
    assert "Suspended" not in log
    assert log.count("ObserveFailed") == 1
    assert len(log.splitlines()) < 60, log
    wait_for("health", lambda: lab.get("/healthz"))


@pytest.mark.slow
def test_the_system_tells_of_no_change(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without inotify an edit and an end are seen by looking, and the log says so once."""
    limit = "/proc/sys/user/max_inotify_instances"
    program = Path(lab.root / "without")
    program.write_text(
        f'#!/bin/sh\nexec unshare -Ur sh -c \'echo 0 >{limit} && exec "$0" "$@"\' {SIDEKICK} "$@"\n'
    )
    program.chmod(0o755)
    probe = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", f"echo 0 >{limit}"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("no user namespace of our own")
    monkeypatch.setattr(lab_module, "SIDEKICK", program)
    lab.settle_in(
        f"One,1,Pending,,,{WORKS},,,,", 'Two,2,Paused,,,"sleep 1",,,,',
        times={"tick": 60, "stop_grace": 1},
    )  # fmt: skip
    lab.start()
    lab.wait_reason("One", "Running")
    lab.edit("Two", Status="Pending")
    lab.wait_status("Two", "Completed")
    assert lab.output().count("changes are noticed late") == 1
