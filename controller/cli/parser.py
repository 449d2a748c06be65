"""The command's words."""

import argparse

_EPILOG = """\
exit codes: 0 yes or done; 1 no (differences, invalid rows, unhealthy, not found);
2 the question could not be answered, or the command's words are off.
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; every sub-command sets `command`."""
    parser = argparse.ArgumentParser(
        prog="sidekick",
        description="Declarative control of AI coding agents: one list of projects, made so.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config", metavar="FILE", help="the settings; default: config.yaml here or above"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="run the controller; Ctrl-C leaves agents working")
    run.add_argument("--plain", action="store_true", help="lines of log, no live table")

    plan = commands.add_parser("plan", aliases=["diff"], help="what the next tick would do")
    plan.set_defaults(command="plan")
    commands.add_parser("apply", help="one tick, or wake the running controller")

    get = commands.add_parser("get", help="the projects")
    get.add_argument("names", nargs="*", metavar="NAME", help="only these")
    get.add_argument("-o", "--output", choices=["table", "wide", "json", "yaml", "name"],
                     default="table", help="the form (default: table)")  # fmt: skip
    get.add_argument("-w", "--watch", action="store_true", help="again whenever something changes")

    commands.add_parser("status", help="the controller's health on one screen")

    logs = commands.add_parser("logs", help="what a project's agent printed")
    logs.add_argument("name", metavar="NAME")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as it prints")
    logs.add_argument("-n", "--lines", type=int, default=None, metavar="N", help="the last N lines")

    attach = commands.add_parser("attach", help="sit down at a project's session")
    attach.add_argument("name", metavar="NAME")

    for verb, text in (
        ("stop", "pause a project, or let the whole fleet rest"),
        ("resume", "let a project, or the whole fleet, go on"),
    ):
        act = commands.add_parser(verb, help=text)
        whom = act.add_mutually_exclusive_group(required=True)
        whom.add_argument("name", nargs="?", metavar="NAME")
        whom.add_argument("--all", action="store_true", help="the whole fleet")
        act.add_argument("-m", "--message", default="", help="why")

    approve = commands.add_parser("approve-prune", help="let the sessions of vanished rows end")
    approve.add_argument("--plan", metavar="HASH", default="", help="only if this is the plan")

    validate = commands.add_parser("validate", help="check the settings and the list")
    validate.add_argument("file", nargs="?", metavar="FILE", help="another list than the settings'")

    commands.add_parser("doctor", help="check the machine, and say what is missing")
    commands.add_parser("version", help="the version")
    return parser
