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


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "sk-dashscope"),
        ({"base_url": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"}, "sk-dashscope"),
        ({"base_url": "http://127.0.0.1:9/v1"}, "sk-openai"),
        ({"pass_environment": ["OPENAI_API_KEY"]}, "sk-openai"),
    ],
)
def test_no_key_goes_to_another_vendor(lab: Lab, settings: dict[str, object], key: str) -> None:
    """Qwen Code reads its vendor's key from the variable that OpenAI's is in."""
    program = lab.root / "qwen"
    program.write_text('#!/bin/sh\necho "$OPENAI_API_KEY" >key.new && mv key.new key\n')
    program.chmod(0o755)
    lab.environment |= {"OPENAI_API_KEY": "sk-openai", "DASHSCOPE_API_KEY": "sk-dashscope"}
    agent = {"program": str(program), **settings}
    lab.settle_in("One,1,Pending,,,go,,,,", agents={"qwen": agent}, default_agent="qwen")
    lab.start()
    found = lab.root / "workspaces" / "one" / "key"
    assert wait_for("the key", lambda: found.exists() and found.read_text()) == f"{key}\n"
