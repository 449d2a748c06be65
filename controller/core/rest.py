"""Rest: a tick that had nothing to do, and what makes the next one just the same.

`plan` is a pure function. So where everything that it is given is what it was, and no time has
come that it waits for, its answer need not be worked out again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.core.actions import Plan
from controller.core.desired import Desired
from controller.core.limits import Limits
from controller.core.memory import Memory
from controller.core.observed import Observed

LONGEST = timedelta(seconds=60)
"""A plan is made anew at least so often, whatever it says of the time."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a tick with nothing to do was given, and its plan.

    Attributes are `plan`'s arguments, and its answer.
    """

    desired: Desired
    observed: Observed
    memory: Memory
    limits: Limits
    fresh: bool
    at: datetime
    plan: Plan

    def holds(
        self,
        desired: Desired,
        observed: Observed,
        memory: Memory,
        limits: Limits,
        now: datetime,
        *,
        fresh: bool,
    ) -> bool:
        """Whether the plan for these arguments is the same plan."""
        return (
            desired is self.desired
            and memory is self.memory
            and fresh is self.fresh
            and self.at <= now < self.until
            and now.date() == self.at.date()
            and limits == self.limits
            and observed == self.observed
        )

    @property
    def until(self) -> datetime:
        """When the plan may differ although nothing else changes."""
        longest = self.at + LONGEST
        return min(longest, self.plan.requeue_at) if self.plan.requeue_at else longest
