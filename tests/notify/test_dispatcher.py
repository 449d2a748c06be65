"""The dispatcher: every message arrives once at every address, whatever a service does."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.core.backoff import Curve
from controller.core.outbox import Parcel, Settled, settle
from controller.core.report import NotificationsView
from controller.core.standing import Kind
from controller.notify.addresses import Address
from controller.notify.dispatcher import Dispatcher
from controller.notify.mailing import Mailing
from controller.notify.services import AddressInvalid, Service
from tests.core.world import NOW
from tests.e2e.lab import wait_for

CURVE = Curve(first=0.02, most=0.1)


@dataclass
class Phone:
    """A service whose every answer a test can set.

    Attributes:
        answers: Why the next messages do not arrive; they do when there are none left.
        refused: Titles that never arrive.
        got: Titles that arrived.
        tried: How often it was tried.
        gate: While it is not set, every try hangs.
    """

    answers: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    got: list[str] = field(default_factory=list)
    tried: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def send(self, _kind: Kind | None, title: str, _body: str) -> str:
        """Take a message, or say why not."""
        self.tried += 1
        self.gate.wait(30)
        if title in self.refused:
            return "refused"
        why = self.answers.pop(0) if self.answers else ""
        if not why:
            self.got.append(title)
        return why


class Office:
    """A dispatcher, and the loop's side of it."""

    def __init__(self, *names: str, mailing: Mailing | None = None, hard: float = 30.0) -> None:
        self.phones = {name: Phone() for name in names}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.secrets: list[bytes] = []
        self.wakes = 0
        self.outbox: tuple[Parcel, ...] = ()
        self.news: list[Settled] = []
        self.now = NOW
        self.dispatcher = Dispatcher(
            mailing or Mailing(tuple(self.address(name) for name in names)),
            count=self._count, know=self._know, wake=self._wake, clock=lambda: self.now,
            make=self._make, curve=CURVE, hard=hard,
        )  # fmt: skip

    @staticmethod
    def address(name: str) -> Address:
        """The address of a phone."""
        return Address(f"phone://{name}", name)

    def _count(self, kind: str, result: str) -> None:
        self.counts[kind, result] += 1

    def _know(self, values: Iterable[bytes]) -> None:
        self.secrets += values

    def _wake(self) -> None:
        self.wakes += 1

    def _make(self, address: Address) -> Service:
        name = address.url.partition("://")[2]
        if name not in self.phones:
            raise AddressInvalid("AddressInvalid", f"{address.place}: no such phone")
        return Service(address, f"phone://{name}", self.phones[name].send)

    def post(self, *titles: str, at: datetime = NOW) -> None:
        """Let messages go."""
        self.outbox += tuple(Parcel(title, Kind.WAITING, title, "b", at) for title in titles)
        self.dispatcher.offer(self.outbox, None)

    def tick(self) -> tuple[Parcel, ...]:
        """What the loop does after a wake."""
        news = self.dispatcher.collect()
        self.news += news
        after = settle(self.outbox, news)
        if after is not self.outbox:
            self.outbox = after
            self.dispatcher.offer(after, None)
        return self.outbox

    def until_empty(self) -> None:
        """Tick until nothing waits."""
        wait_for("an empty outbox", lambda: not self.tick())


@contextmanager
def running(office: Office) -> Iterator[Office]:
    """The office at work."""
    office.dispatcher.start()
    try:
        yield office
    finally:
        for phone in office.phones.values():
            phone.gate.set()
        office.dispatcher.close(1)


def test_each_address_gets_each_message_once() -> None:
    """In their order; the loop is woken for what became of them."""
    with running(Office("a", "b")) as office:
        office.post("one", "two")
        office.until_empty()
        assert [phone.got for phone in office.phones.values()] == [["one", "two"]] * 2
        assert office.counts == {("waiting", "sent"): 4}
        assert office.wakes > 0
        assert b"phone://a" in office.secrets


def test_it_is_tried_again_until_it_arrives() -> None:
    """At one address; the other does not get it again."""
    with running(Office("a", "b")) as office:
        office.phones["a"].answers = ["error 500", "error 500"]
        office.post("one")
        office.until_empty()
        assert (office.phones["a"].tried, office.phones["b"].tried) == (3, 1)
        assert office.counts == {("waiting", "sent"): 2}
        assert office.dispatcher.view() == NotificationsView(("phone://a", "phone://b"))


def test_a_failure_is_shown_until_it_is_over() -> None:
    """With the address's redacted form, why, when, and how much waits."""
    with running(Office("a")) as office:
        office.phones["a"].answers = ["error 500"] * 3
        office.post("one")
        seen = wait_for("the failure", lambda: office.dispatcher.view().failure)
        assert seen == "phone://a: error 500"
        office.until_empty()
        assert office.dispatcher.view().failure == ""


def test_a_message_that_is_refused_holds_up_no_other() -> None:
    """Where one was tried already, the next one has its turn first."""
    with running(Office("a")) as office:
        phone = office.phones["a"]
        phone.refused = {"poison"}
        office.post("poison", "good")
        wait_for("the other one", lambda: phone.got == ["good"])
        phone.refused = set()
        office.until_empty()
        assert phone.got == ["good", "poison"]
        assert office.counts == {("waiting", "sent"): 2}


def test_one_that_hangs_holds_up_nobody() -> None:
    """Neither the loop, nor the other address, nor for ever its own: it counts as failed."""
    with running(Office("slow", "b", hard=0.1)) as office:
        office.phones["slow"].gate.clear()
        began = time.monotonic()
        office.post("one")
        assert time.monotonic() - began < 1
        wait_for("the other one", lambda: office.phones["b"].got == ["one"])
        wait_for("the deadline", lambda: "no end within" in office.dispatcher.view().failure)
        wait_for("more tries", lambda: office.phones["slow"].tried == 3)
        assert office.tick()
        office.phones["slow"].gate.set()
        office.until_empty()
        assert office.counts == {("waiting", "sent"): 2}


def test_hanging_tries_are_bounded() -> None:
    """After three no more threads begin, until one of them ends."""
    with running(Office("slow", hard=0.05)) as office:
        office.phones["slow"].gate.clear()
        office.post("one")
        wait_for("three tries", lambda: office.phones["slow"].tried == 3)
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            assert office.phones["slow"].tried == 3
            time.sleep(0.05)


def test_what_is_too_old_is_given_up() -> None:
    """It is counted as failed, and no longer waits."""
    with running(Office("a")) as office:
        office.phones["a"].answers = ["error 500"] * 1000
        office.post("one")
        wait_for("a try", lambda: office.phones["a"].tried)
        office.now = NOW + timedelta(hours=7)
        office.until_empty()
        assert office.counts == {("waiting", "failed"): 1}


def test_without_an_address_that_works_it_is_dropped() -> None:
    """But not before its time is over: the address may be mended."""
    with running(Office(mailing=Mailing((Office.address("nobody"),)))) as office:
        office.post("one")
        view = wait_for("the fault", lambda: office.dispatcher.view().failure)
        assert view == "nobody: no such phone"
        assert office.tick()
        office.now = NOW + timedelta(hours=7)
        office.post()  # nothing new: the clock was put forward, which nobody is told
        office.until_empty()
        assert office.counts == {("waiting", "dropped"): 1}


def test_another_controller_goes_on_where_this_one_ended() -> None:
    """An address that has a message does not get it from the next one."""
    with running(Office("a", "b")) as office:
        office.phones["b"].answers = ["error 500"] * 1000
        office.post("one")
        wait_for("the first address", lambda: any(p.settled for p in office.tick()))
        left = office.outbox
    with running(Office("a", "b")) as office:
        office.outbox = left
        office.dispatcher.offer(left, None)
        office.until_empty()
        assert (office.phones["a"].got, office.phones["b"].got) == ([], ["one"])


def test_an_address_that_is_gone_is_not_waited_for() -> None:
    """Nor is one that came later left out of what follows."""
    with running(Office("a", "b")) as office:
        office.phones["b"].answers = ["error 500"] * 1000
        office.post("one")
        wait_for("the first address", lambda: any(p.settled for p in office.tick()))
        office.dispatcher.use(Mailing((office.address("a"),)))
        office.until_empty()
        office.post("two")
        office.until_empty()
        assert office.phones["a"].got == ["one", "two"]


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    """A token can be renewed without a restart; one that cannot be read is told."""
    file = tmp_path / "urls"
    with running(Office("a", "b", mailing=Mailing(file=file))) as office:
        wait_for("the fault", lambda: str(file) in office.dispatcher.view().failure)
        file.write_text("phone://a\n", encoding="utf-8")
        office.post("one")
        office.until_empty()
        file.write_text("phone://b\nphone://nobody\n", encoding="utf-8")
        office.post("two")
        office.until_empty()
        assert (office.phones["a"].got, office.phones["b"].got) == (["one"], ["two"])
        assert office.dispatcher.view().failure == f"{file}:2: no such phone"


def test_the_end_waits_a_moment_for_what_can_be_delivered() -> None:
    """And not at all for what hangs or rests."""
    with running(Office("a")) as office:
        office.post("one")
        office.dispatcher.close(10)
        assert not office.tick()
    with running(Office("slow")) as office:
        office.phones["slow"].gate.clear()
        office.post("one")
        began = time.monotonic()
        office.dispatcher.close(0.3)
        assert time.monotonic() - began < 3
        assert office.tick()


def test_after_the_end_the_loop_is_not_woken() -> None:
    """What it was woken by may be closed by then."""
    with running(Office("slow")) as office:
        office.phones["slow"].gate.clear()
        office.post("one")
        wait_for("a try", lambda: office.phones["slow"].tried)
        office.dispatcher.close(0)
        before = office.wakes
        office.phones["slow"].gate.set()
        wait_for("its end", lambda: office.phones["slow"].got)
        wait_for("what became of it", office.dispatcher.collect)
        assert office.wakes == before


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_the_loop_is_woken_when_it_wants_to_be(seconds: float) -> None:
    """Once."""
    with running(Office("a")) as office:
        wait_for("the services", lambda: office.wakes)
        before = office.wakes
        office.dispatcher.offer((), seconds)
        wait_for("the wake", lambda: office.wakes > before)
        assert office.wakes == before + 1


def test_off_is_off() -> None:
    """No thread, and nobody to show."""
    office = Office()
    before = threading.enumerate()
    office.dispatcher.start()
    assert not office.dispatcher.on
    assert office.dispatcher.view() == NotificationsView()
    assert set(threading.enumerate()) <= set(before)
    office.dispatcher.close(1)
