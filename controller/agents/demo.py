"""The demo agent: stands in for real ones, so that a first look costs nothing."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from controller.agents.base import Event, Launch, Mode, no_such_mode
from controller.agents.verdict import judge_exit
from controller.core.exits import Exit
from controller.core.facts import Facts
from controller.core.observed import Report, Result
from controller.core.workload import Workload

NAME = "demo"
_PROGRAM = Path(__file__).resolve().parent.parent / "demo"


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """A program of ours that works visibly for some seconds and writes a file.

    Attributes:
        slots: Sessions that it may have at once.
        seconds: How long it works, about.
    """

    slots: int
    seconds: float = 12.0
    name: str = NAME
    real: bool = False
    conversations: bool = False
    variables: tuple[str, ...] = ()
    logins: tuple[Path, ...] = ()
    takes_ids: bool = False
    config: str = ""
    mode: Mode = Mode.INTERACTIVE

    def in_mode(self, mode: Mode) -> Self:
        """Itself, for it is worth looking at on a terminal alone.

        Raises:
            AgentError: `ModeUnavailable`.
        """
        if mode is not self.mode:
            raise no_such_mode(self.name, mode.value, "it works on a terminal")
        return self

    def launch(self, workload: Workload, run_folder: str) -> Launch:  # noqa: ARG002 - the protocol's
        """Our own Python on the program's folder, the prompt as its last argument."""
        argv = (
            *(sys.executable, "-I", "-S", str(_PROGRAM)),
            *(f"--seconds={self.seconds}", f"--project={workload.project}"),
            *("--", workload.prompt),
        )
        return Launch(argv, Mode.INTERACTIVE, workload.prompt)

    def seed(self, workload: Workload, environment: Mapping[str, str]) -> None:
        """It has no folder of its own."""

    def read(self, facts: Facts, event: Event) -> Facts:  # noqa: ARG002 - the protocol's
        """It prints no events."""
        return facts

    def judge(self, end: Exit, report: Report | None, facts: Facts) -> Result:
        """By cause, then by its own report, then by exit status."""
        return judge_exit(end, report, facts)
