"""An interactive agent has the pane's terminal as if nothing stood between."""

import shutil
import signal

import pytest

from tests.shim.world import Run, Tmux, wait_for

TUI = """
import os, signal, sys, termios, tty
def show(*_):
    columns, lines = os.get_terminal_size(0)
    os.write(1, f"size {columns}x{lines}\\r\\n".encode())
def note(number, _):
    os.write(1, f"got {signal.Signals(number).name}\\r\\n".encode())
before = termios.tcgetattr(0)
if "raw" in sys.argv:
    tty.setraw(0)
signal.signal(signal.SIGWINCH, show)
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGCONT, note)
front = os.tcgetpgrp(0) == os.getpgrp() == os.getpid()
os.write(1, f"tty {os.isatty(0)} {os.isatty(1)} {os.isatty(2)} front {front}\\r\\n".encode())
show()
while True:
    key = os.read(0, 100)
    os.write(1, b"key %r\\r\\n" % key)
    if key.startswith(b"q"):
        termios.tcsetattr(0, termios.TCSANOW, before)
        sys.exit(7)
"""


def tui(run: Run, tmux: Tmux, *arguments: str) -> None:
    """Start a program that tells what its terminal does."""
    run.specify("python3", "-I", "-S", "-c", TUI, *arguments, mode="interactive")
    tmux.start(run)
    tmux.shows("size 100x30")


def test_terminal_is_the_agents(run: Run, tmux: Tmux) -> None:
    """All three descriptors are the terminal, and the agent is in its foreground."""
    tui(run, tmux)
    tmux.shows("tty True True True front True")
    tmux.keys("q", "Enter")
    assert tmux.ended() == "7"
    record = run.exit()
    assert (record["cause"], record["status"]) == ("exit", 7)


def test_keys_in_raw_mode(run: Run, tmux: Tmux) -> None:
    """A program that takes the keys itself gets all of them, Ctrl-C and Ctrl-Z included."""
    tui(run, tmux, "raw")
    for key, seen in (("C-c", r"\x03"), ("C-z", r"\x1a"), ("C-\\", r"\x1c"), ("Up", r"\x1b[A")):
        tmux.keys(key)
        tmux.shows(f"key b'{seen}'")
    tmux.keys("q")
    assert tmux.ended() == "7"


def test_interrupt_reaches_the_agent_alone(run: Run, tmux: Tmux) -> None:
    """Ctrl-C is the agent's; the shims live on."""
    tui(run, tmux)
    tmux.keys("C-c")
    tmux.shows("got SIGINT")
    tmux.keys("q", "Enter")
    assert tmux.ended() == "7"


def test_interrupt_ends_what_does_not_catch_it(run: Run, tmux: Tmux) -> None:
    """An agent that Ctrl-C ends is recorded with the signal."""
    run.specify("sleep", "1000", mode="interactive")
    tmux.start(run)
    run.started()
    tmux.keys("C-c")
    record = run.exit()
    assert (record["cause"], record["signal"]) == ("exit", signal.SIGINT)
    assert tmux.ended() == "130"


def test_suspended_agent_goes_on(run: Run, tmux: Tmux) -> None:
    """Ctrl-Z stops no agent for good: there is no shell to type `fg` into."""
    tui(run, tmux)
    for _ in range(2):
        tmux.keys("C-z")
        tmux.shows("got SIGCONT")
        tmux("clear-history", "-t", "s")
        tmux.keys("a", "Enter")
        tmux.shows(r"key b'a\n'")
    tmux.keys("q", "Enter")
    assert tmux.ended() == "7"


def test_resize(run: Run, tmux: Tmux) -> None:
    """A new size of the pane is the agent's new size at once."""
    tui(run, tmux)
    tmux("resize-window", "-t", "s", "-x", "70", "-y", "20")
    tmux.shows("size 70x20")
    tmux.keys("q", "Enter")
    tmux.ended()


def test_colours(run: Run, tmux: Tmux) -> None:
    """Colours and characters come through."""
    run.shell(r'printf "\033[31mrot\033[0m ä→😀\n"; sleep 1000', mode="interactive")
    tmux.start(run)
    tmux.shows("rot ä→😀")
    assert "\x1b[31mrot" in tmux("capture-pane", "-e", "-p", "-t", "s")
    run.stop()
    assert tmux.ended() == "143"


def test_shell_with_job_control(run: Run, tmux: Tmux) -> None:
    """A shell with jobs of its own: they stop, go on and end under its control."""
    if not shutil.which("bash"):
        pytest.skip("no bash here")
    run.specify("bash", "--norc", "--noprofile", "-i", mode="interactive")
    run.put("env", '{"PS1": "ready> "}')
    tmux.start(run)
    tmux.shows("ready>")
    tmux.keys("sleep 1000", "Enter")
    wait_for(lambda: "sleep" in tmux("display", "-p", "#{pane_current_command}"), "the job")
    tmux.keys("C-z")
    tmux.shows("Stopped")
    tmux.keys("fg", "Enter")
    tmux.shows("ready> fg")
    wait_for(lambda: "sleep" in tmux("display", "-p", "#{pane_current_command}"), "the job")
    tmux.keys("C-c")
    tmux.keys("echo $((6 * 7)); exit 3", "Enter")
    assert tmux.ended() == "3"
    assert "42" in tmux.screen()


def test_vim(run: Run, tmux: Tmux) -> None:
    """Vim draws, survives Ctrl-Z, writes its file and leaves."""
    if not shutil.which("vim"):
        pytest.skip("no vim here")
    run.specify("vim", "-u", "NONE", "-N", "-n", "file", mode="interactive")
    tmux.start(run)
    tmux.shows("~")
    tmux.keys("C-z")
    tmux.keys("i", "hello")
    tmux.shows("hello")
    tmux.keys("Escape", ":wq", "Enter")
    assert tmux.ended() == "0"
    assert (run.work / "file").read_text() == "hello\n"


def test_top(run: Run, tmux: Tmux) -> None:
    """Top redraws the whole screen, and ends by its key."""
    if not shutil.which("top"):
        pytest.skip("no top here")
    run.specify("top", "-d", "0.2", mode="interactive")
    tmux.start(run)
    tmux.shows("PID USER")
    tmux.keys("q")
    assert tmux.ended() == "0"


def test_reader_in_the_background(run: Run, tmux: Tmux) -> None:
    """An agent that puts itself into another group gets the terminal back when it needs it."""
    script = (
        "import os, signal\n"
        "signal.signal(signal.SIGTTOU, signal.SIG_IGN)\n"
        "os.tcsetpgrp(0, os.getpgid(os.getppid()))\n"
        "signal.signal(signal.SIGTTOU, signal.SIG_DFL)\n"
        "print('asking', flush=True)\n"
        "print('read', os.read(0, 100), flush=True)\n"
    )
    run.specify("python3", "-I", "-S", "-c", script, mode="interactive")
    tmux.start(run)
    tmux.shows("asking")
    tmux.keys("answer", "Enter")
    assert tmux.ended() == "0"
    assert r"read b'answer\n'" in tmux.screen()


def test_headless_in_the_pane(run: Run, tmux: Tmux) -> None:
    """A headless run is readable in its pane, whatever it prints and whatever is typed there."""
    run.shell(
        r'printf "\033]0;evil\007\033[32mgreen\033[0m\nä\n"; '
        "while ! test -e go; do sleep 0.02; done; echo end"
    )
    tmux.start(run)
    tmux.shows("ä")
    tmux.keys("C-c", "C-z", "C-\\")
    (run.work / "go").touch()
    assert tmux.ended() == "0"
    assert "\x1b[32mgreen" in tmux("capture-pane", "-e", "-p", "-t", "s")
    assert "end" in tmux.screen()
    assert "evil" not in tmux("display", "-p", "#{pane_title}")
    assert run.exit()["tail"] == ["green", "ä", "end"]
