"""`completion`: a script by which the shell asks us which words would fit."""

import argparse

import argcomplete
from argcomplete.shell_integration import shellcode

from controller.cli import exits

PROGRAM = "sidekick"


def completion(options: argparse.Namespace) -> int:
    """Print the script for a shell."""
    print(shellcode([PROGRAM], shell=options.shell))
    return exits.OK


def answer(parser: argparse.ArgumentParser) -> None:
    """Tell the shell that asks which words would fit, and end."""
    argcomplete.autocomplete(parser, always_complete_options=False)
