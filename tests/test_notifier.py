"""The notifier: what a tick changes is on its way once, over restarts and full disks."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from controller.core.memory import Memory, ProjectMemory, State
from controller.core.notice_texts import Terms
from controller.core.outbox import MOST, Noticed, Parcel, Settled
from controller.core.report import NotificationsView, Report, SourceView
from controller.core.standing import Kind
from controller.core.words import Status
from controller.layout import clock
from controller.notifier import Notifier, Wishes
from controller.notify.addresses import Address
from controller.notify.dispatcher import Dispatcher
from controller.notify.mailing import Mailing
from controller.store import Store
from tests.core.world import NOW

ON = Mailing((Address("json://127.0.0.1:9/", "test"),))
WISHES = Wishes(ON, frozenset(Kind), timedelta(seconds=120), Terms())


def waiting(*names: str, at: datetime = NOW) -> Memory:
    """Projects that wait since a moment."""
    state = State(Status.WAITING, "AgentWaiting", "red or blue?", at)
    return Memory({name: ProjectMemory(name.lower(), state=state) for name in names})


class Post(Dispatcher):
    """A dispatcher whose threads never begin: what it was offered, and what became of it."""

    def __init__(self, mailing: Mailing) -> None:
        super().__init__(
            mailing, count=lambda *_: None, know=lambda _: None, wake=lambda: None, clock=clock
        )
        self.offers: list[tuple[tuple[Parcel, ...], float | None]] = []
        self.results: list[Settled] = []

    def start(self) -> None:
        """Not here."""

    def offer(self, outbox: tuple[Parcel, ...], again_in: float | None) -> None:
        """Note it."""
        self.offers.append((outbox, again_in))

    def collect(self) -> list[Settled]:
        """As the test says."""
        found, self.results = self.results, []
        return found


class Loop:
    """A controller's part in it, on a real store.

    Args:
        file: The database.
        frozen: The clock.
    """

    def __init__(self, file: Path, frozen: FrozenDateTimeFactory, wishes: Wishes = WISHES) -> None:
        self._frozen = frozen
        self.store = Store(file, clock)
        self.post = Post(wishes.mailing)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.notifier = Notifier(wishes, self.post, self._count)
        self.notifier.recall(self.store.load_noticed())

    def _count(self, kind: str, result: str) -> None:
        self.counts[kind, result] += 1

    def tick(self, memory: Memory, seconds: float = 0, *, full: bool = False) -> list[str]:
        """One tick, later; returns the titles of what is to be sent then."""
        self._frozen.tick(timedelta(seconds=seconds))
        now = clock()
        self.notifier.look(memory, "http://127.0.0.1:9600", now)
        if not full:
            report = Report(now, SourceView("csv", "list"), notifications=self.notifier.view())
            self.store.save(memory, report, (), self.notifier.noticed)
            self.notifier.keep()
        self.notifier.hand_over(now)
        return [parcel.title for parcel in self.notifier.noticed.outbox]

    def deliver(self) -> None:
        """Everything arrives."""
        self.post.results = [
            Settled(parcel.id, "x", last=True) for parcel in self.notifier.noticed.outbox
        ]


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    """A clock that stands."""
    with freeze_time(NOW) as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        yield frozen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database."""
    return tmp_path / "state" / "sidekick.db"


def begin(file: Path, frozen: FrozenDateTimeFactory, wishes: Wishes = WISHES) -> Loop:
    """A controller that has looked once, when nothing stood."""
    loop = Loop(file, frozen, wishes)
    loop.tick(Memory())
    return loop


def test_a_restart_tells_nothing_again(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """What was delivered is done, what was not is still there."""
    loop = begin(file, frozen)
    assert loop.tick(waiting("A"), 1) == ["A waits for you"]
    with closing(loop.store):
        pass
    loop = Loop(file, frozen)
    assert loop.tick(waiting("A"), 500) == ["A waits for you"]
    loop.deliver()
    assert loop.tick(waiting("A"), 1) == []
    loop.store.close()
    loop = Loop(file, frozen)
    assert loop.tick(waiting("A"), 500) == []
    loop.store.close()


def test_a_full_disk_delays_nothing(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """It is sent though it cannot be kept, and kept once it can be."""
    loop = begin(file, frozen)
    assert loop.tick(waiting("A"), 1, full=True) == ["A waits for you"]
    assert len(loop.post.offers[-1][0]) == 1
    assert not loop.notifier.kept
    loop.deliver()
    assert loop.tick(waiting("A"), 1) == []
    assert loop.notifier.kept
    assert loop.store.load_noticed().marks
    loop.store.close()


def test_at_rest_nothing_is_written_or_offered(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """Tick after tick with the same memory."""
    loop = begin(file, frozen)
    memory = waiting("A")
    loop.tick(memory, 1)
    loop.deliver()
    loop.tick(memory, 1)
    noticed, offers = loop.notifier.noticed, len(loop.post.offers)
    for _ in range(5):
        loop.tick(memory, 60)
    assert loop.notifier.noticed is noticed
    assert len(loop.post.offers) == offers
    loop.store.close()


def test_what_waits_for_its_time_is_asked_for(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """The loop is to be woken then, though nothing else changes."""
    loop = begin(file, frozen)
    loop.tick(waiting("A"), 1)
    loop.deliver()
    memory = waiting("A", at=NOW + timedelta(seconds=50))
    assert loop.tick(memory, 50) == []
    assert loop.post.offers[-1] == ((), 70.0)
    assert loop.tick(memory, 69) == []
    assert loop.tick(memory, 1) == ["A waits for you"]
    loop.store.close()


def test_switched_off_and_on_again(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """What stands then is a summary, and no change; what was not delivered is forgotten."""
    loop = begin(file, frozen)
    loop.tick(waiting("A"), 1)
    off = Post(Mailing())
    loop.notifier = Notifier(replace(WISHES, mailing=Mailing()), off, loop._count)
    loop.notifier.recall(loop.store.load_noticed())
    assert loop.tick(waiting("A", "B"), 1) == []
    assert loop.store.load_noticed() == Noticed()
    loop.notifier = Notifier(WISHES, loop.post, loop._count)
    loop.notifier.recall(loop.store.load_noticed())
    assert loop.tick(waiting("A", "B"), 1) == ["2 things need you"]
    assert loop.tick(waiting("A", "B"), 500) == ["2 things need you"]
    loop.store.close()


def test_too_many_are_dropped_and_counted(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """The oldest."""
    loop = begin(file, frozen)
    for number in range(MOST + 3):
        loop.tick(waiting(f"P{number}"), 200)
    assert loop.counts == {("waiting", "dropped"): 3}
    assert loop.tick(Memory(), 1)[0] == "P3 waits for you"
    loop.store.close()


def test_the_page_of_the_settings_beats_the_servers(
    file: Path, frozen: FrozenDateTimeFactory
) -> None:
    """A phone does not reach this machine's loopback."""
    loop = begin(file, frozen)
    loop.tick(waiting("A"), 1)
    loop.notifier.use(replace(WISHES, texts=Terms(page="https://my.host")))
    loop.tick(waiting("A", "B"), 20)
    bodies = [parcel.body.splitlines()[-1] for parcel in loop.notifier.noticed.outbox]
    assert bodies == [
        "Page: http://127.0.0.1:9600/?project=A", "Page: https://my.host/?project=B",
    ]  # fmt: skip
    loop.store.close()


def test_a_defect_ends_no_tick(
    file: Path, frozen: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once, and what can be told is, once it can be."""
    loop = begin(file, frozen)

    def broken(_text: str) -> str:
        raise ZeroDivisionError

    loop.notifier.use(replace(WISHES, texts=Terms(redact=broken)))
    for _ in range(3):
        assert loop.tick(waiting("A"), 1) == []
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    loop.notifier.use(WISHES)
    assert loop.tick(waiting("A"), 1) == ["A waits for you"]
    loop.store.close()


def test_off_there_is_nothing_to_show(file: Path, frozen: FrozenDateTimeFactory) -> None:
    """And nothing is remembered."""
    loop = Loop(file, frozen, replace(WISHES, mailing=Mailing()))
    assert loop.tick(waiting("A")) == []
    assert loop.notifier.noticed == Noticed()
    assert loop.notifier.view() == NotificationsView()
    loop.store.close()
