"""The outbox: bounded, and settled address by address."""

from controller.core.outbox import MOST, Parcel, Settled, post, settle
from controller.core.standing import Kind
from tests.core.world import NOW


def a_parcel(name: str, *settled: str) -> Parcel:
    """A message."""
    return Parcel(name, Kind.WAITING, "title", "body", NOW, settled)


def test_it_is_bounded() -> None:
    """The oldest go, and are told."""
    outbox, gone = post((), (a_parcel(str(n)) for n in range(MOST + 2)))
    assert [parcel.id for parcel in gone] == ["0", "1"]
    assert len(outbox) == MOST
    outbox, gone = post(outbox, [a_parcel("new")])
    assert (outbox[-1].id, gone[0].id) == ("new", "2")


def test_it_is_settled_address_by_address() -> None:
    """A message goes when the last address has it, and never loses one that has."""
    outbox: tuple[Parcel, ...] = (a_parcel("a"), a_parcel("b"))
    outbox = settle(outbox, [Settled("a", "phone", last=False)])
    assert outbox == (a_parcel("a", "phone"), a_parcel("b"))
    again = settle(outbox, [Settled("a", "phone", last=False), Settled("gone", "x", last=True)])
    assert again is outbox
    assert settle(outbox, [Settled("a", "mail", last=True)]) == (a_parcel("b"),)
