"""How help is laid out: as argparse does it, and without what that costs at every option."""

import argparse
import os
import sys


class Formatter(argparse.RawDescriptionHelpFormatter):
    """The standard help, told the terminal's width.

    argparse makes a formatter for every option that is added, and each would import `shutil` to
    find the width: that takes longer than all the rest of a quick command's words.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width() - 2)


def terminal_width() -> int:
    """Columns, as `shutil.get_terminal_size` tells them."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80
