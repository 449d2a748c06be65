"""`open`: a link with which a person's browser may look at the controller, and change things."""

import argparse
import time

from controller.cli import exits
from controller.cli.context import settings_in_force
from controller.cli.running import NoAnswer, running
from controller.cli.terminal import start, warn
from controller.core.errors import NotFound
from controller.visits import LINK_LASTS, sign_link


def open_page(options: argparse.Namespace) -> int:
    """Print a link to the live page that works once.

    Raises:
        NotFound: No controller runs.
        NoAnswer: One runs that is not ready, or whose token cannot be read.
    """
    controller = running(settings_in_force(options))
    if controller is None:
        raise NotFound("NoController", f"no controller runs; begin one with {start()}")
    url, token = controller.url(), controller.token()
    if not url or not token:
        raise NoAnswer("NotReady", "the running controller is not ready, or its token is not yours")
    print(f"{url}/open?link={sign_link(token, time.time())}")
    warn(f"it works once, for {LINK_LASTS.total_seconds() / 60:.0f} minutes")
    return exits.OK
