"""From words to deeds: parse, do, and turn every error into one clear message."""

import importlib
import os
import sys
from collections.abc import Sequence

from controller.cli import exits
from controller.cli.parser import build_parser, command_of
from controller.core.errors import NotFound, SidekickError
from controller.printable import clean

COMPLETING = "_ARGCOMPLETE"
"""The variable by which a shell asks which words would fit."""
_LOG_LEVEL = "LOG_LEVEL"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    _have_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    if COMPLETING in os.environ:
        from controller.cli.completion import answer

        answer(build_parser())
    only = command_of(words[0]) if words else None
    options = build_parser(only).parse_args(words)
    command = only or command_of(options.command)
    assert command is not None
    module, _, name = command.deed.partition(":")
    try:
        deed = getattr(importlib.import_module(f"controller.cli.{module}"), name)
        code = int(deed(options))
        sys.stdout.flush()
    except SidekickError as error:
        for line in error.message.splitlines():
            print(f"sidekick: {clean(line)}", file=sys.stderr)
        return exits.NO if isinstance(error, NotFound) else exits.ERROR
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader went away (`| head`); nothing is left to say to it
        return exits.OK
    except OSError as error:
        _drop_output()
        print(f"sidekick: {clean(_what_failed(error))}", file=sys.stderr)
        return exits.ERROR
    except Exception as error:
        if os.environ.get(_LOG_LEVEL) == "DEBUG":
            raise
        what = clean(f"{type(error).__name__}: {error}")
        print(f"sidekick: a defect of its own: {what}", file=sys.stderr)
        print(f"sidekick: please report it, with what {_LOG_LEVEL}=DEBUG shows", file=sys.stderr)
        return exits.ERROR
    return code


def _what_failed(error: OSError) -> str:
    """Which file, where it is one's fault, and why."""
    if error.filename is None:
        return str(error.strerror or error)
    if isinstance(error, PermissionError):
        from pathlib import Path  # only this error needs these

        from controller.files import not_permitted

        return not_permitted(Path(os.fsdecode(error.filename)))
    return f"{os.fsdecode(error.filename)}: {error.strerror}"


def _drop_output() -> None:
    """What Python still holds back for standard output must not fail once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _have_streams() -> None:
    """A closed standard stream (`>&-`) is one that nobody reads; what it cannot encode is spelled.

    A terminal may be of Latin letters alone, and a name may hold half a character.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - for good
        getattr(sys, name).reconfigure(errors="backslashreplace")
