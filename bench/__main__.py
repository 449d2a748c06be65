"""`python -m bench`: measures the rows that are asked for, and prints the table."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import FrameType

from bench import machine
from bench.clock import Unavailable
from bench.options import Options, parse
from bench.rows import LONG, ROWS
from bench.table import Line, document, markdown
from controller.core.errors import SidekickError

MET, MISSED, FAILED, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns the exit code."""
    options = parse(argv, tuple(ROWS))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    described = {**machine.describe(), "open files": str(machine.raise_file_limit())}
    lines: list[Line] = []
    failed: dict[str, str] = {}
    interrupted = False
    try:
        for name in options.only or (name for name in ROWS if name not in LONG):
            lines.extend(_measure(name, options, failed))
    except KeyboardInterrupt:
        interrupted = True
    described["load after"] = machine.load()
    _show(options, described, lines, failed)
    if interrupted:
        sys.stderr.write("bench: interrupted; all that was started is ended\n")
        return INTERRUPTED
    if failed:
        return FAILED
    return MISSED if any(line.met is False for line in lines) else MET


def _measure(name: str, options: Options, failed: dict[str, str]) -> Iterator[Line]:
    """The lines of a row; a failure costs this row alone."""
    options = replace(options, row=name)
    options.say("…")
    try:
        for line in ROWS[name](options):
            # What is small and quick says nothing about a goal.
            yield replace(line, met=None) if options.quick else line
    except (
        *(OSError, RuntimeError, ValueError, KeyError, AttributeError, TypeError),
        *(subprocess.SubprocessError, SidekickError, Unavailable),
    ) as error:
        notes = getattr(error, "__notes__", [])
        failed[name] = "; ".join((f"{type(error).__name__}: {error}", *notes))
        yield Line(name, name, note=f"failed: {failed[name]}", rounds=0)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def _show(
    options: Options, described: dict[str, str], lines: list[Line], failed: dict[str, str]
) -> None:
    text = [f"{name}: {value}" for name, value in described.items()]
    if options.quick:
        text.append("quick: shows that the harness works; the figures mean nothing")
    sys.stdout.write("  \n".join(text) + "\n\n" + markdown(lines) + "\n")
    sys.stdout.flush()
    if options.json:
        content = {**document(described, lines), "failed": failed, "quick": options.quick}
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
