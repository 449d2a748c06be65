"""What the server asks of the controller. Every method may be called from the server's thread."""

from collections.abc import Mapping
from typing import Protocol

from controller.core.detail import PlanView, ProjectDetail, ScreenView
from controller.core.events import Entry
from controller.core.report import Report


class Backend(Protocol):
    """The controller, as the server sees it.

    Looks answer at once from what the newest tick left. Orders, and looks that touch the parts,
    are handed to the loop and done between two ticks; each raises `SidekickError` with a message
    for a person: `NotFound` where the answer is no, `TransientError` where the loop has no time.
    """

    def healthy(self) -> bool:
        """Whether the loop makes progress."""
        ...

    def ready(self) -> bool:
        """Whether the list was read and the sessions were seen."""
        ...

    def faults(self) -> Mapping[str, str]:
        """Stage → what failed in the newest tick."""
        ...

    def report(self) -> Report | None:
        """The newest report; None before the first tick ended."""
        ...

    def revision(self) -> int:
        """A number that grows whenever the report's essence or the journal changed."""
        ...

    def events(self, *, after: int = 0, project: str | None = None, last: int = 100) -> list[Entry]:
        """The newest events behind a place in the journal, the oldest first."""
        ...

    def plan(self) -> PlanView:
        """What the next tick would do."""
        ...

    def describe(self, name: str) -> ProjectDetail:
        """Everything about one project."""
        ...

    def screen(self, name: str) -> ScreenView:
        """What a project's newest run shows; `name` is its full name."""
        ...

    def reconcile(self) -> PlanView:
        """Make a tick now; what it did."""
        ...

    def pause(self, name: str, message: str) -> str:
        """Stop a project, keep its conversation; returns its full name."""
        ...

    def resume(self, name: str, message: str) -> str:
        """Let a paused or blocked project go on; returns its full name."""
        ...

    def restart(self, name: str, message: str) -> str:
        """End a project's run and start it again; returns its full name."""
        ...

    def answer(self, name: str, text: str) -> str:
        """Give a waiting agent its answer; returns the project's full name."""
        ...

    def release(self, agent: str) -> str:
        """Let an agent that is held work again; returns its name."""
        ...

    def suspend(self, message: str) -> None:
        """Let the whole fleet rest."""
        ...

    def resume_fleet(self) -> bool:
        """Let the fleet go on; returns whether it rested."""
        ...

    def approve_prune(self, digest: str) -> str:
        """Let the sessions of the rows that vanished at once end; returns the plan's digest.

        Raises:
            NotFound: Nothing is blocked, or another plan is.
        """
        ...
