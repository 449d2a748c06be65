"""Lines: one address each, with what is on its way there and when it is tried again."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.core.backoff import Curve
from controller.core.outbox import Parcel
from controller.notify.services import Service

STUCK = 3
"""So many sends of one address may hang; until one of them ends no other begins."""


@dataclass(eq=False, slots=True)
class Job:
    """One try to send one message.

    Attributes:
        parcel: The message.
        began: Seconds of the monotonic clock.
        abandoned: It took too long, and counts as failed.
    """

    parcel: Parcel
    began: float
    abandoned: bool = False


@dataclass(eq=False, slots=True)
class Line:
    """One address.

    Attributes:
        service: Sends to it.
        curve: How long it rests after a failure.
        job: What is on its way.
        stuck: Abandoned tries that still hang.
        failures: Tries in a row that failed.
        not_before: The next try, in seconds of the monotonic clock.
        failed: Why the newest try failed; empty where it did not.
        failed_at: When.
        tries: Message → how often it was tried.
    """

    service: Service
    curve: Curve
    job: Job | None = None
    stuck: int = 0
    failures: int = 0
    not_before: float = 0.0
    failed: str = ""
    failed_at: datetime | None = None
    tries: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The digest of its address."""
        return self.service.address.digest

    def choose(self, open_ones: list[Parcel]) -> Parcel | None:
        """The message whose turn it is: one that was tried less, then the older one.

        So a message that the service refuses holds up no other.
        """
        self.tries = {one.id: self.tries.get(one.id, 0) for one in open_ones}
        return min(open_ones, key=lambda one: self.tries[one.id], default=None)

    def begin(self, parcel: Parcel, now: float) -> Job:
        """Begin a try."""
        self.tries[parcel.id] = self.tries.get(parcel.id, 0) + 1
        self.job = Job(parcel, now)
        return self.job

    def fail(self, why: str, at: datetime, now: float) -> None:
        """A try failed."""
        self.job = None
        self.failures += 1
        self.failed, self.failed_at = why, at
        self.not_before = now + self.curve.delay(self.failures, self.address)

    def arrive(self, job: Job) -> None:
        """A try succeeded, be it one that was abandoned."""
        self.job = None if self.job is job else self.job
        self.failures, self.not_before = 0, 0.0
        self.failed, self.failed_at = "", None
