"""The demo agent: stands in for real ones, so that a first look costs nothing."""

import sys
from dataclasses import dataclass
from pathlib import Path

from controller.agents.base import Launch, Mode, judge_exit
from controller.core.exits import Exit
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
    config: str = ""

    def launch(self, workload: Workload, run_folder: str) -> Launch:  # noqa: ARG002 - the protocol's
        """Our own Python on the program's folder, the prompt as its last argument."""
        argv = (
            *(sys.executable, "-I", "-S", str(_PROGRAM)),
            *(f"--seconds={self.seconds}", f"--project={workload.project}"),
            *("--", workload.prompt),
        )
        return Launch(argv, Mode.INTERACTIVE, workload.prompt)

    def judge(self, end: Exit, report: Report | None) -> Result:
        """By cause, then by its own report, then by exit status."""
        return judge_exit(end, report)
