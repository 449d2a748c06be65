"""`mock-claude`, or `python -m mock_claude`: serve until a signal."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import uvicorn

from mock_claude.app import WINDOW, build
from mock_claude.director import DEFAULT_SCRIPT
from mock_claude.log import FORMS, form
from mock_claude.script import ScriptError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; the exit code is 0 after a signal, 2 where the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="mock-claude", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("MOCK_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=os.environ.get("MOCK_PORT", "8080"))
    parser.add_argument(
        "--limit", type=int, metavar="TOKENS", help="what each key may spend in a window"
    )
    parser.add_argument(
        "--window", type=float, default=WINDOW, metavar="SECONDS", help="default: five hours"
    )
    parser.add_argument(
        "--default", default=os.environ.get("MOCK_DEFAULT", DEFAULT_SCRIPT), metavar="SCRIPT",
        help="the script of prompts that bring none",
    )  # fmt: skip
    parser.add_argument(
        "--log-format", choices=("auto", *FORMS),
        default=os.environ.get("MOCK_LOG_FORMAT", "auto"),
        help="lines for people, JSON lines on standard output, or auto: for people at a terminal",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    try:
        app = build(limit=given.limit, window=given.window, default=given.default)
    except ScriptError as error:
        parser.error(str(error))
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    uvicorn.run(
        app, host=given.host, port=given.port, log_level="info", access_log=False,
        timeout_graceful_shutdown=2, log_config=form(given.log_format),
    )  # fmt: skip
    return 0


def _is_news(record: logging.LogRecord) -> bool:
    """A connection that a script cuts is what was asked for."""
    return "returned without" not in record.getMessage()


if __name__ == "__main__":
    sys.exit(main())
