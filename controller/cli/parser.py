"""The command's words: which sub-commands there are, and what each takes."""

import argparse
from collections.abc import Callable, Iterable

from controller import __version__
from controller.cli import words
from controller.cli.help import Formatter
from controller.printable import clean

TYPE_CHECKING = False  # typing takes longer to import than a quick look's words
if TYPE_CHECKING:
    from typing import NoReturn

_EPILOG = """\
exit codes: 0 yes or done; 1 no (differences, invalid rows, unhealthy, not found, not in time);
2 the question could not be answered, or the command's words are off; 130 interrupted.

A NAME may be shortened as long as only one project begins so.
"""


class _Parser(argparse.ArgumentParser):
    """The standard parser, whose errors show a terminal nothing that it would obey."""

    def error(self, message: str) -> "NoReturn":
        """Say what is off, and end with 2."""
        super().error(clean(message))


class Command:
    """A sub-command.

    Attributes:
        name: Its word.
        text: What it does, in a few words.
        deed: `module:function` within this package; imported when it is used.
        takes: Adds its options and arguments.
        aliases: Other words for it.
        settings: Whether it reads the settings.
    """

    def __init__(
        self,
        name: str,
        text: str,
        deed: str,
        takes: Callable[[argparse.ArgumentParser], None] = words.nothing,
        aliases: tuple[str, ...] = (),
        *,
        settings: bool = True,
    ) -> None:
        self.name = name
        self.text = text
        self.deed = deed
        self.takes = takes
        self.aliases = aliases
        self.settings = settings


COMMANDS = (
    Command("run", "run the controller; Ctrl-C leaves agents working", "run:run", words.run),
    Command("plan", "what the next tick would do", "plan:plan", words.plan, ("diff",)),
    Command("apply", "one tick, done here or by the running controller", "apply:apply"),
    Command("reconcile", "let the running controller tick now", "apply:reconcile"),
    Command("get", "the projects", "get:get", words.get),
    Command("describe", "everything about one project", "describe:describe", words.describe),
    Command("events", "what happened", "events:events", words.events),
    Command("wait", "wait until a project is as it should be", "wait:wait", words.wait),
    Command("status", "the controller's health on one screen", "status:status", words.status),
    Command("logs", "what a project's agent printed", "session:logs", words.logs),
    Command("open", "a link to the live page for your browser", "open:open_page"),
    Command("attach", "sit down at a project's session", "session:attach", words.named),
    Command(
        "pause", "stop a project and keep its conversation, or let the whole fleet rest",
        "change:pause", words.named_or_all, ("stop",),
    ),
    Command(
        "resume", "let a project, or the whole fleet, go on", "change:resume", words.named_or_all
    ),
    Command(
        "restart", "end a project's run and start it again", "change:restart", words.named_why
    ),
    Command(
        "approve-prune", "let the sessions of vanished rows end", "approve:approve_prune",
        words.approve_prune,
    ),
    Command("answer", "answer an agent that waits for you", "change:answer", words.answer),
    Command(
        "release", "let an agent that is held work again", "change:release", words.release
    ),
    Command("source", "the list that is in use", "approve:approve_source", words.source),
    Command(
        "sheets", "make a Google Sheet ready, or copy from and to it", "sheets:sheets",
        words.sheets,
    ),
    Command("notify", "try the notifications", "notify:notify", words.notify),
    Command("adopt", "take over a tmux session as a project's", "adopt:adopt", words.adopt),
    Command(
        "report", "for agents: tell the controller how the work stands", "report:report",
        words.report, settings=False,
    ),
    Command("validate", "check the settings and the list", "check:validate", words.validate),
    Command("doctor", "check the machine, and say what is missing", "doctor:doctor"),
    Command("config", "the settings that count, and their schema", "config:config", words.config),
    Command(
        "snapshot", "keep the memory and the list of a moment, and go back to it",
        "snapshot:snapshot", words.snapshot,
    ),
    Command(
        "completion", "a script by which the shell completes the command's words",
        "completion:completion", words.completion, settings=False,
    ),
    Command("version", "the version", "version:version", settings=False),
)  # fmt: skip


def command_of(word: str) -> Command | None:
    """The sub-command that a word means."""
    return next((item for item in COMMANDS if word == item.name or word in item.aliases), None)


def build_parser(only: Command | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line, or of one sub-command alone; it sets `command`."""
    parser = _Parser(
        prog="sidekick",
        description="Declarative control of AI coding agents: one list of projects, made so.",
        epilog=_EPILOG,
        formatter_class=Formatter,
    )
    words.takes_config(parser, default=None)
    parser.add_argument("--version", action="version", version=f"sidekick {__version__}")
    # prog is given, or argparse formats a whole usage to find it
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, prog="sidekick"
    )
    chosen: Iterable[Command] = (only,) if only else COMMANDS
    for command in chosen:
        sub = commands.add_parser(
            command.name, aliases=command.aliases, help=command.text, description=command.text,
            formatter_class=Formatter,
        )  # fmt: skip
        sub.set_defaults(command=command.name)
        if command.settings:
            words.takes_config(sub, default=argparse.SUPPRESS)
        command.takes(sub)
    return parser
