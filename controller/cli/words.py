"""What each sub-command takes: its options and arguments."""

import argparse

from controller.cli.amounts import count, duration
from controller.cli.help import Formatter

SHELLS = ("bash", "zsh", "fish")
REPORT_STATES = ("done", "blocked", "waiting", "working", "progress", "next")


def takes_config(parser: argparse.ArgumentParser, default: str | None) -> None:
    """`--config`, which may stand before a command, behind it, and behind what it is to do."""
    parser.add_argument(
        "--config", metavar="FILE", default=default,
        help="the settings; default: config.yaml here or above",
    )  # fmt: skip


def nothing(_parser: argparse.ArgumentParser) -> None:
    """No words of its own."""


def run(parser: argparse.ArgumentParser) -> None:
    """`run`."""
    parser.add_argument("--plain", action="store_true", help="lines of log, no live table")


def plan(parser: argparse.ArgumentParser) -> None:
    """`plan`."""
    _takes_output(parser, "table", "json", "yaml")


def get(parser: argparse.ArgumentParser) -> None:
    """`get`."""
    _takes_name(parser, nargs="*", text="only these")
    _takes_output(parser, "table", "wide", "json", "yaml", "name")
    parser.add_argument(
        "-w", "--watch", action="store_true", help="again whenever something changes"
    )


def describe(parser: argparse.ArgumentParser) -> None:
    """`describe`."""
    _takes_name(parser)
    _takes_output(parser, "text", "json", "yaml")


def events(parser: argparse.ArgumentParser) -> None:
    """`events`."""
    _takes_name(parser, nargs="?", text="only this project's")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as they come")
    parser.add_argument(
        "-n", "--last", type=count, default=100, metavar="N", help="the last N (default: 100)"
    )
    _takes_output(parser, "table", "json", "yaml")


def wait(parser: argparse.ArgumentParser) -> None:
    """`wait`."""
    _takes_name(parser)
    action = parser.add_argument(
        "--for", dest="goal", required=True, metavar="WHAT",
        help="a condition (Ready, Ready=false, Accepted, Stalled), a status (Completed, "
        '"In Progress" …), Running, Deleted, or reason=CrashLoop',
    )  # fmt: skip
    action.completer = _goals  # type: ignore[attr-defined] # where argcomplete looks
    parser.add_argument(
        "--timeout", type=duration, default=30.0, metavar="TIME",
        help="as 30s, 5m, 1h30m (default: 30s); 0 looks once, a negative one never ends",
    )  # fmt: skip


def status(parser: argparse.ArgumentParser) -> None:
    """`status`."""
    parser.add_argument("-q", "--quiet", action="store_true", help="no words: only the exit code")
    _takes_output(parser, "text", "json", "yaml")


def logs(parser: argparse.ArgumentParser) -> None:
    """`logs`."""
    _takes_name(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on as it prints")
    parser.add_argument("-n", "--lines", type=count, metavar="N", help="the last N lines")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--raw", action="store_true", help="byte by byte, with escapes that a terminal obeys"
    )
    form.add_argument(
        "--events", action="store_true", help="what it told of its work, a JSON object a line"
    )


def named(parser: argparse.ArgumentParser) -> None:
    """A project."""
    _takes_name(parser)


def named_why(parser: argparse.ArgumentParser) -> None:
    """A project, and why."""
    _takes_name(parser)
    parser.add_argument("-m", "--message", default="", help="why")


def named_or_all(parser: argparse.ArgumentParser) -> None:
    """A project or the whole fleet, and why."""
    whom = parser.add_mutually_exclusive_group(required=True)
    _takes_name(whom, nargs="?")
    whom.add_argument("--all", action="store_true", help="the whole fleet")
    parser.add_argument("-m", "--message", default="", help="why")


def approve_prune(parser: argparse.ArgumentParser) -> None:
    """`approve-prune`."""
    parser.add_argument("--plan", metavar="HASH", default="", help="only if this is the plan")


def source(parser: argparse.ArgumentParser) -> None:
    """`source`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    text = "let a changed kind of list (CSV, sheet) be used"
    _deed(deeds, "approve", text)


def sheets(parser: argparse.ArgumentParser) -> None:
    """`sheets`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    text = "write the header into an empty sheet, and lay it out: dropdown, checkboxes, colours"
    _deed(deeds, "init", text)
    for deed, text in (
        ("pull", "copy the sheet into a CSV file; the plan alone without --yes"),
        ("push", "copy a CSV file into the sheet; the plan alone without --yes"),
    ):
        sub = _deed(deeds, deed, text)
        sub.add_argument("file", nargs="?", metavar="FILE", help="default: the settings' file")
        sub.add_argument("--yes", action="store_true", help="do it")


def notify(parser: argparse.ArgumentParser) -> None:
    """`notify`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    text = "send a message to every address, and say which of them got it"
    _deed(deeds, "test", text)


def adopt(parser: argparse.ArgumentParser) -> None:
    """`adopt`."""
    parser.add_argument("session", metavar="SESSION", help="the tmux session")
    _takes_name(parser)


def answer(parser: argparse.ArgumentParser) -> None:
    """`answer`."""
    _takes_name(parser)
    parser.add_argument("text", metavar="TEXT", help="the answer; - reads it from standard input")


def release(parser: argparse.ArgumentParser) -> None:
    """`release`."""
    parser.add_argument("agent", metavar="AGENT", help="an agent that `status` shows as held")


def report(parser: argparse.ArgumentParser) -> None:
    """`report`."""
    parser.add_argument("state", choices=REPORT_STATES, help="how the work stands")
    parser.add_argument(
        "text", nargs="?", default="", metavar="MESSAGE",
        help="for a person: what was done, or is asked; with next: what to do after this",
    )  # fmt: skip
    parser.add_argument("-m", "--message", default="", help="the same")


def validate(parser: argparse.ArgumentParser) -> None:
    """`validate`."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="another list than the settings'")


def config(parser: argparse.ArgumentParser) -> None:
    """`config`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    text = "every setting, defaults and environment included"
    show = _deed(deeds, "show", text)
    _takes_output(show, "yaml", "json")
    text = "the JSON Schema of config.yaml"
    _deed(deeds, "schema", text)


def snapshot(parser: argparse.ArgumentParser) -> None:
    """`snapshot`."""
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    text = "keep memory, list and settings as they are now"
    create = _deed(deeds, "create", text)
    create.add_argument("name", nargs="?", default="", metavar="NAME", help="default: the time")
    create.add_argument(
        "--keep",
        type=count,
        metavar="N",
        help="and remove the oldest beyond the newest N; what you named stays",
    )
    text = "those that there are"
    present = _deed(deeds, "list", text)
    _takes_output(present, "table", "json", "yaml")
    text = "go back to one, while no controller runs; what it replaces is kept as another"
    restore = _deed(deeds, "restore", text)
    restore.add_argument("name", metavar="NAME", help="as `snapshot list` shows it")


def completion(parser: argparse.ArgumentParser) -> None:
    """`completion`."""
    parser.add_argument("shell", choices=SHELLS)


def _deed(
    deeds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    """One of the things that a command can do."""
    parser = deeds.add_parser(name, help=text, description=text, formatter_class=Formatter)
    takes_config(parser, default=argparse.SUPPRESS)
    return parser


def _takes_name(
    parser: argparse._ActionsContainer, nargs: str | None = None, text: str = "the project"
) -> None:
    dest = "names" if nargs == "*" else "name"
    action = parser.add_argument(dest, nargs=nargs, metavar="NAME", help=text)
    action.completer = _names  # type: ignore[attr-defined] # where argcomplete looks


def _names(**_context: object) -> list[str]:
    from controller.cli.quick import names  # a look at the report's file; only completion needs it

    return names()


def _goals(**_context: object) -> list[str]:
    from controller.cli.goal import WORDS  # imports what only waiting and completion need

    return list(WORDS)


def _takes_output(parser: argparse.ArgumentParser, *forms: str) -> None:
    parser.add_argument(
        "-o", "--output", choices=forms, default=forms[0], help=f"the form (default: {forms[0]})"
    )
