"""A person's terminal: a tmux server of its own, in which they type and look."""

import os
import subprocess
from contextlib import suppress

from tests.e2e.lab import Lab, wait_for


class Terminal:
    """A terminal of 120x40 with a person in front of it: a tmux server of its own."""

    def __init__(self, lab: Lab) -> None:
        self._socket = lab.root / "person"
        self._lab = lab
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "-s", "me",
                  "env", "-i", *(f"{k}={v}" for k, v in lab.environment.items()),
                  "TERM=screen-256color", "LANG=C.UTF-8", "bash", "--norc")  # fmt: skip
        self.tmux("set-option", "-g", "remain-on-exit", "on")
        self.type(f"cd {lab.root}; PS1='$ '")

    def tmux(self, *arguments: str) -> str:
        """Ask the person's own tmux server."""
        done = subprocess.run(
            ["tmux", "-u", "-S", self._socket, *arguments],
            capture_output=True, text=True, timeout=10, check=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self._lab.root), "LANG": "C.UTF-8"},
        )  # fmt: skip
        return done.stdout

    def type(self, text: str) -> None:
        """Type a line."""
        self.tmux("send-keys", "-t", "me", "-l", text)
        self.keys("Enter")

    def keys(self, *names: str) -> None:
        """Press keys."""
        self.tmux("send-keys", "-t", "me", *names)

    def screen(self, *options: str) -> str:
        """What the person sees."""
        return self.tmux("capture-pane", "-p", *options, "-t", "me")

    def shows(self, text: str, seconds: float = 15) -> str:
        """Wait until the screen shows a text; returns the screen."""
        wait_for(f"{text!r} on the screen", lambda: text in self.screen(), seconds)
        return self.screen()

    def insist(self, text: str, answer: str) -> None:
        """Type again, as people do, until a program that just woke up has taken it."""
        for _ in range(10):
            self.keys("Escape")
            self.type(text)
            with suppress(AssertionError):
                self.shows(answer, 1)
                return
        raise AssertionError(self.screen())

    def close(self) -> None:
        """Leave."""
        self.tmux("kill-server")
