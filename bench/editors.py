"""How people's programs save a list: the programs themselves where they can be driven at speed."""

import os
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from bench.clock import Unavailable

Edit = Callable[[str, str], object]
"""Sets the last cell of a project's row to a text; returns when the program has saved."""

HALF = 0.08
"""Seconds between the two writes of a slow save."""
_PATIENCE = 20.0
_REFUSED = "refused to save"
_VIM = ("vim", "-u", "NONE", "-N", "-n", "-es", "-c")


class Editors:
    """Every way of saving, on one list; programs that are kept open are ended at the end.

    Args:
        path: The list. The edited cell is the last of its row, and bare.

    Attributes:
        refused: Saves that vim refused because a write of ours came between; they were repeated.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.refused = 0
        self._closing = ExitStack()
        self._shell = self._open(("sh",))
        self.in_place: Mapping[str, Edit] = {
            "vim": self._vim("set nofs bsk= bkc=yes wb"),
            "vim, renaming": self._vim("set nofs bsk= bkc=no wb"),
            "ed": self._ed(),
            "nano": self._truncate,
            "halves": self._halves,
            "append": self._append,
        }
        self.renaming: Mapping[str, Edit] = {"sed -i": self._sed, "LibreOffice": self._office}

    def stale(self, project: str, text: str, seconds: float) -> None:
        """Load the list, look at it for a while, and save the whole buffer with one change."""
        buffer = self._changed(project, text)
        time.sleep(seconds)
        self._path.write_bytes(buffer)

    def append_row(self, line: str) -> None:
        """`echo >>` with a row."""
        words = shlex.join(("echo", line))
        self._order(f"{words} >>{shlex.quote(str(self._path))}", "appended")

    def close(self) -> None:
        """End what was kept open."""
        self._closing.close()

    def _vim(self, settings: str) -> Edit:
        # The list is read into a buffer without a name: one with a name asks a person where the
        # file has changed since. What vim refuses to write (E949) it says, and a person repeats it.
        process = self._open((*_VIM, f"{settings} cpo-=F"))
        change = (
            "%d _\n0r {path}\ng/^{project},/s/[^,]*$/{text}/\n"
            "try|w! {path}|exe 'g/^{project},/p'|catch|0put='{refused}'|1p|endtry\n"
        )

        def edit(project: str, text: str) -> None:
            words = {"path": self._path, "project": project, "text": text, "refused": _REFUSED}
            while not _ask(process, change.format(**words), text):
                self.refused += 1

        return edit

    def _ed(self) -> Edit:
        process = self._open(("ed", "-s", str(self._path)))
        change = f"E {self._path}\n/^{{0}},/s/[^,]*$/{{1}}/\nw\n.p\n"
        return lambda project, text: _ask(process, change.format(project, text), text)

    def _sed(self, project: str, text: str) -> None:
        change = f"s/^\\({project},.*,\\)[^,]*$/\\1{text}/"
        self._order(shlex.join(("sed", "-i", change, str(self._path))), text)

    def _order(self, command: str, text: str) -> None:
        """Have a shell that is kept open do something, as a person at a prompt has."""
        _ask(self._shell, f"{command} && echo ,{text}\n", text)

    def _append(self, _project: str, text: str) -> None:
        self.append_row(f"{text},9,Paused,,,appended,,{text}")

    def _truncate(self, project: str, text: str) -> None:
        """As nano and emacs: open with O_TRUNC, write, close (seen with strace)."""
        self._path.write_bytes(self._changed(project, text))

    def _halves(self, project: str, text: str) -> None:
        content = self._changed(project, text)
        half = len(content) // 2
        with self._path.open("wb", buffering=0) as file:
            file.write(content[:half])
            time.sleep(HALF)
            file.write(content[half:])

    def _office(self, project: str, text: str) -> None:
        """As LibreOffice: a temporary file beside the list, then a rename (seen with strace)."""
        beside = self._path.with_name("lu1234tmp.tmp")
        beside.write_bytes(self._changed(project, text))
        beside.replace(self._path)

    def _changed(self, project: str, text: str) -> bytes:
        lines = self._path.read_bytes().split(b"\n")
        start = f"{project},".encode()
        for index, line in enumerate(lines):
            if line.startswith(start):
                lines[index] = line[: line.rindex(b",") + 1] + text.encode()
        return b"\n".join(lines)

    def _open(self, argv: tuple[str, ...]) -> "subprocess.Popen[bytes]":
        if shutil.which(argv[0]) is None:
            raise Unavailable(f"{argv[0]} is not installed")
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0,
        )  # fmt: skip
        self._closing.callback(_end, process)
        return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def _ask(process: "subprocess.Popen[bytes]", commands: str, text: str) -> bool:
    """Give an editor commands, the last of which prints the row with the new text.

    Returns:
        False where the editor refused to save.

    Raises:
        RuntimeError: It does not answer.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(commands.encode())
    wanted = f",{text}\n".encode()
    said = b""
    while wanted not in said:
        if _REFUSED.encode() in said:
            return False
        ready = select.select([process.stdout], [], [], _PATIENCE)[0]
        piece = os.read(process.stdout.fileno(), 4096) if ready else b""
        if not piece:
            raise RuntimeError(f"{process.args!r} does not answer; it said {said!r}")
        said += piece
    return True
