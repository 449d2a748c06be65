"""The Mode column with a real tmux: where a row's agent has its terminal."""

from tests.e2e.lab import HEADER, Lab

WHERE = "test -t 0 && echo on a terminal || echo behind a pipe; exec sleep 1000"


def test_a_row_says_how_its_agent_is_connected(lab: Lab) -> None:
    """Its word beats the agent's; a change is for the next run; what an agent cannot do is told."""
    lab.settle_in(
        f"Own,1,Pending,,,{WHERE},,,,,",
        f"Seat,1,Pending,,,{WHERE},,,,,Interactive",
        f"Pipe,1,Pending,tty,,{WHERE},,,,,headless",
        f"Never,1,Pending,reads,,{WHERE},,,,,interactive",
        header=f"{HEADER},Mode",
        agents={
            "sh": {"command": ["sh", "-c", "{prompt}"], "slots": 9},
            "tty": {"command": ["sh", "-c", "{prompt}"], "mode": "interactive"},
            "reads": {"command": ["sh"], "prompt_on_stdin": True},
        },
    )
    lab.start()
    for project in ("Own", "Seat", "Pipe"):
        lab.wait_reason(project, "Running")
    shown = {name: lab.sidekick("logs", name).stdout.strip() for name in ("Own", "Seat", "Pipe")}
    assert shown == {"Own": "behind a pipe", "Seat": "on a terminal", "Pipe": "behind a pipe"}
    assert "reads has no interactive mode" in lab.wait_reason("Never", "ModeUnavailable")["Reason"]
    runs = set(lab.agents())
    lab.edit("Own", Mode="interactive")
    lab.wait_reason("Own", "OutOfDate")
    assert set(lab.agents()) == runs
    assert "Mode:         interactive" in lab.sidekick("describe", "Own").stdout
