"""A terminal program with a box to type in, for the runs of tests: `python tui.py RUN_FOLDER`.

It asks for bracketed paste, and draws as real ones do: the draft in the box, the cursor behind it.
The file `busy` in the folder keeps it from taking an Enter, `deaf` from showing what is pasted, and
`dialog` puts a dialog up as soon as a draft is there. What it took is in `read`, a line a message.
"""

import json
import os
import sys
import tty
from pathlib import Path

FOLDER = Path(sys.argv[1])


def draw(draft: str) -> None:
    """The screen."""
    shown = "[Pasted text #1]" if len(draft) > 400 else draft.replace("\n", "\r\n  ")
    sys.stdout.write(f"\x1b[2J\x1b[H-----\r\n> {shown}\x1b7\r\n-----\r\nfooter\x1b8")
    sys.stdout.flush()


def has(name: str) -> bool:
    """Whether a file tells to behave so."""
    return (FOLDER / name).exists()


def main() -> None:
    """Read keys for ever."""
    tty.setraw(0)
    sys.stdout.write("\x1b[?1049h\x1b[?2004h")
    draft, held = "", b""
    while True:
        draw(draft)
        held += os.read(0, 65536)
        begin, end = held.find(b"\x1b[200~"), held.find(b"\x1b[201~")
        if begin >= 0 and end < 0:
            continue
        if begin >= 0:
            pasted, held = held[begin + 6 : end].decode(), held[end + 6 :]
            draft += "" if has("deaf") else pasted
            if has("dialog"):
                sys.stdout.write("\x1b[2J\x1b[HProceed?\r\n> Yes")
                sys.stdout.flush()
                break
        if b"\r" in held and not has("busy"):
            with (FOLDER / "read").open("a") as file:
                file.write(json.dumps(draft) + "\n")
            draft = ""
        held = b""
    key = os.read(0, 100)
    (FOLDER / "read").write_text(json.dumps(f"dialog: {key!r}") + "\n")


if __name__ == "__main__":
    main()
