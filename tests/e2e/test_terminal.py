"""What a person sees and touches: the live table, a seat at a session, programs that draw."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import SIDEKICK, Lab, alive, wait_for
from tests.e2e.terminal import Terminal
from tests.shipped import SHIPPED


def test_a_newcomer_sees_the_live_table(lab: Lab, terminal: Terminal) -> None:
    """Projects, the address, how to attach; Ctrl-C says that agents keep working."""
    shutil.copy(SHIPPED / "config.yaml", lab.root)
    shutil.copy(SHIPPED / "priorities.csv", lab.list)
    terminal.type(f"SIDEKICK_TIMES_DEMO_WORK=3 {SIDEKICK} run")
    terminal.shows("Pipecat Voice", 5)
    screen = terminal.shows("In Progress", 5)
    for text in ("Antenna ML Pipeline", "eButterfly Export", "In Progress", "http://127.0.0.1:",
                 "no credit is spent", "attach", "Ctrl-C", "NEXT ACTION", "PRI"):  # fmt: skip
        assert text in screen
    terminal.shows("AgentWaiting", 60)
    assert "attach 'Pipecat Voice'" in terminal.screen()
    agents = lab.agents()
    terminal.keys("C-c")
    screen = terminal.shows("agents keep working.")
    assert "stop --all" in screen
    assert "Traceback" not in screen
    assert all(alive(pid) for pid in agents.values())


def test_attach_answer_and_detach(lab: Lab, terminal: Terminal) -> None:
    """A person sits down at a session, answers its question, and leaves it running."""
    lab.settle_in('One,1,Pending,tty,,"read -p name? name; echo hello $name; exec sleep 99",,,,',
                  agents={"tty": {"command": ["bash", "-c", "{prompt}"], "mode": "interactive"}},
                  default_agent="tty")  # fmt: skip
    lab.start()
    lab.wait_status("One", "In Progress")
    (pid,) = lab.agents().values()
    terminal.type(f"{SIDEKICK} attach one")
    terminal.shows("name?")
    terminal.type("Ada")
    terminal.shows("hello Ada")
    terminal.keys("C-b", "d")
    terminal.shows("detached")
    assert alive(pid)
    assert "hello Ada" in lab.sidekick("logs", "One").stdout


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not installed")
def test_a_full_screen_editor_works_as_an_agent(lab: Lab, terminal: Terminal) -> None:
    """Vim draws, follows the size of the terminal, suspends and goes on, writes and ends well."""
    note = "autocmd VimResume * call writefile(['yes'], 'resumed')"
    vim = {"command": ["vim", "-u", "NONE", "-c", note, "{prompt}"], "mode": "interactive"}
    lab.settle_in("One,1,Pending,vim,,note.txt,,,,", agents={"vim": vim}, default_agent="vim")
    lab.start()
    lab.wait_status("One", "In Progress")
    terminal.type(f"{SIDEKICK} attach One")
    terminal.shows("~")
    terminal.tmux("resize-window", "-t", "me", "-x", "90", "-y", "30")
    wait_for("the size", lambda: lab.tmux("list-windows", "-F", "#{window_width}") == "90\n")
    terminal.keys("C-z")
    wait_for("going on", (lab.root / "workspaces" / "one" / "resumed").exists)
    terminal.insist(":set columns?", "columns=90")
    terminal.type("iwritten by hand")
    terminal.keys("Escape")
    terminal.type(":wq")
    lab.wait_status("One", "Completed")
    assert (lab.root / "workspaces" / "one" / "note.txt").read_text().startswith("written by hand")


def test_colours_and_ctrl_c_reach_the_agent(lab: Lab, terminal: Terminal) -> None:
    """SIGINT goes to the agent in the pane, not to the controller; it counts as its own end."""
    red = "printf '\\033[31mred\\033[0m '"
    script = f"trap 'exit 7' INT; {red}; while :; do sleep 0.1; done"
    lab.settle_in(f'One,1,Pending,tty,,"{script}",,,,')
    lab.start()
    lab.wait_status("One", "In Progress")
    terminal.type(f"{SIDEKICK} attach One")
    terminal.shows("red")
    assert re.search(r"\x1b\[31mred", terminal.screen("-e"))
    terminal.keys("C-c")
    row = lab.wait_reason("One", "CrashBackoff")
    assert "exit status 7" in row["Reason"]


@pytest.mark.slow
def test_logs_follow_a_run_to_its_end(lab: Lab) -> None:
    """`logs -f` prints as the agent prints, without escapes, and ends with the run."""
    script = "echo first; while [ ! -e go ]; do sleep 0.05; done; printf '\\033[1mlast\\033[0m\\n'"
    lab.settle_in(f'One,1,Pending,,,"{script}",,,,')
    lab.start()
    lab.wait_status("One", "In Progress")
    out = lab.root / "followed"
    with out.open("w") as file:
        follower = subprocess.Popen(
            [SIDEKICK, "logs", "-f", "One"], cwd=lab.root, env=lab.environment, stdout=file
        )
    wait_for("the first line", lambda: "first" in out.read_text())
    (lab.root / "workspaces" / "one" / "go").touch()
    assert follower.wait(timeout=10) == 0
    assert out.read_text().split() == ["first", "last"]
    assert lab.sidekick("logs", "-n", "1", "One").stdout == "last\n"


def test_ctrl_c_of_a_foreground_controller_spares_the_agents(lab: Lab) -> None:
    """The whole foreground group gets SIGINT; agents are not in it."""
    lab.settle_in('One,1,Pending,,,"exec sleep 1000",,,,')
    process = lab.start()
    lab.wait_status("One", "In Progress")
    (pid,) = lab.agents().values()
    assert os.getpgid(pid) != os.getpgid(process.pid)
    assert lab.stop(signal.SIGINT) == 0
    assert alive(pid)
    assert Path(f"/proc/{pid}").exists()


def test_a_long_list_leaves_room_for_what_matters(lab: Lab, terminal: Terminal) -> None:
    """Rows that need a person are shown, the others counted; the footer stays."""
    rows = [f"Project {number},1,Paused,,,x,,,," for number in range(80)]
    lab.settle_in(*rows, "Broken,x,Pending,,,y,,,,", 'Works,9,Pending,,,"exec sleep 99",,,,')
    terminal.type(f"{SIDEKICK} run")
    screen = terminal.shows("In Progress")
    assert "Broken" in screen
    assert re.search(r"… and \d+ more", screen)
    assert "Ctrl-C" in screen
    terminal.tmux("resize-window", "-t", "me", "-x", "60", "-y", "20")
    wait_for("a narrow table", lambda: "NEXT ACTION" not in terminal.screen())
    assert "Ctrl-C" in terminal.shows("Works")
    terminal.keys("C-c")
    terminal.shows("keep working")


@pytest.mark.slow
def test_a_closed_terminal_ends_the_controller_and_no_agent(lab: Lab, terminal: Terminal) -> None:
    """Nobody is left with a controller that they cannot see."""
    lab.settle_in('One,1,Pending,,,"exec sleep 1000",,,,')
    terminal.type(f"exec {SIDEKICK} run")
    lab.wait_status("One", "In Progress")
    (pid,) = lab.agents().values()
    controller = int(terminal.tmux("display-message", "-p", "#{pane_pid}"))
    terminal.tmux("respawn-pane", "-k", "-t", "me", "bash --norc")
    wait_for("the controller's end", lambda: not alive(controller))
    assert alive(pid)
    assert lab.sidekick("status").returncode == 1
