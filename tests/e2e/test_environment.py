"""What a session has in its environment, as its agent's own programs meet it."""

import pytest

from tests.e2e.lab import Lab, wait_for


@pytest.mark.parametrize("mode", ["headless", "interactive"])
def test_a_hook_of_an_agent_reads_no_bashrc(lab: Lab, mode: str) -> None:
    """Its bash is on a socket, as Node makes its pipes, and takes that for no remote login."""
    (lab.root / ".bashrc").write_text("echo read >>~/read\n")
    program = (
        "import socket, subprocess; ours, its = socket.socketpair();"
        " subprocess.run(['bash', '-c', 'echo works >hook'], stdin=its)"
    )
    agent = {"command": ["python3", "-c", program, "{prompt}"], "mode": mode}
    lab.settle_in("One,1,Pending,,,go,,,,", agents={"node": agent}, default_agent="node")
    lab.start()
    hook = lab.root / "workspaces" / "one" / "hook"
    assert wait_for("the hook", lambda: hook.exists() and hook.read_text()) == "works\n"
    assert not (lab.root / "read").exists()
