"""A tick: what one round of the loop gathers on its way."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.core.actions import Outcome, Plan
from controller.core.desired import Desired
from controller.core.events import Event
from controller.core.observed import Observed
from controller.core.report import Report


@dataclass(slots=True)
class Tick:
    """What one tick gathered.

    Attributes:
        now: Its time.
        errors: Stage → what failed.
        fresh: Whether the list was read well.
        desired: The newest good read of the list; None before there was one.
        observed: What runs; None where that is unknown.
        plan: What was decided; None where nothing could be.
        told: What was noticed by the plan is committed and told already.
        rested: Nothing differs from the tick before, which had nothing to do.
        outcomes: What became of the actions.
        events: What happened.
        wrote: Rows that were written.
        report: The end of it.
    """

    now: datetime
    errors: dict[str, str] = field(default_factory=dict)
    fresh: bool = False
    desired: Desired | None = None
    observed: Observed | None = None
    plan: Plan | None = None
    told: bool = False
    rested: bool = False
    outcomes: tuple[Outcome, ...] = ()
    events: list[Event] = field(default_factory=list)
    wrote: int = 0
    report: Report | None = None
