"""The edits that wait for a cycle: a row has one at a time, and a person's goes first. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from controller.core.row import LAST_UPDATE, PROJECT
from controller.core.versions import stamp
from controller.sources.base import Edit
from controller.sources.google_sheets_orders import Order

PATIENCE = timedelta(minutes=10)
"""How long an order waits for an outage to pass; later it would surprise who gave it."""

_Place = tuple[str, int]


class EditQueue:
    """Keeps the edits until a cycle has written them."""

    def __init__(self) -> None:
        self._waiting: dict[_Place, Order] = {}
        self._under_way: dict[_Place, Order] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, edits: Sequence[Edit], now: datetime) -> None:
        """Let edits wait.

        Of what the controller writes a row's first edit stays: the next tick makes the others
        again. An order takes the place of what waits, for nobody gives it again.
        """
        for edit in edits:
            place = _place(edit)
            if edit.order or not (place in self._waiting or place in self._under_way):
                self._waiting[place] = Order(edit, now)

    def restore(self, orders: Sequence[Order], now: datetime) -> tuple[str, ...]:
        """Let orders wait again that a controller before this one had taken.

        A clock that went back makes none of them wait longer.

        Returns:
            The projects whose orders are given up.
        """
        self._under_way = {
            _place(order.edit): replace(order, since=min(order.since, now)) for order in orders
        }
        return self.failed(now, permanent=False)

    def orders(self) -> tuple[Order, ...]:
        """Those that wait, and those that are under way."""
        known = (*self._under_way.values(), *self._waiting.values())
        return tuple(each for each in known if each.edit.order)

    def take(self) -> tuple[Edit, ...]:
        """All that waits, for a cycle; it is under way until `done` or `failed`."""
        self._under_way, self._waiting = self._waiting, {}
        return tuple(each.edit for each in self._under_way.values())

    def done(self, applied: Sequence[Edit], now: datetime) -> None:
        """A cycle ended well. An order that came meanwhile is held against what it has written."""
        self._under_way = {}
        for edit in applied:
            later = self._waiting.get(_place(edit))
            if later is not None:
                self._waiting[_place(edit)] = replace(later, edit=_after(edit, later.edit, now))

    def failed(self, now: datetime, *, permanent: bool) -> tuple[str, ...]:
        """A cycle failed: its orders wait on for a while, all else is made again by a tick.

        Args:
            now: The time.
            permanent: Somebody must mend something first: no order waits for that.

        Returns:
            The projects whose orders are given up.
        """
        under_way, self._under_way = self._under_way, {}
        orders = {place: each for place, each in under_way.items() if each.edit.order}
        kept = {
            place: each
            for place, each in orders.items()
            if not permanent and now - each.since < PATIENCE
        }
        self._waiting = kept | self._waiting
        return tuple(name for name, line in orders if (name, line) not in self._waiting)


def _place(edit: Edit) -> _Place:
    return edit.row.cell(PROJECT), edit.row.line


def dated(edit: Edit, now: datetime) -> Edit:
    """An edit; an order with its time, by which it is told from what a user types just then.

    So the same word again is a word of its own, too.
    """
    if not edit.order or LAST_UPDATE not in edit.row.cells:
        return edit
    taken = stamp(now) == edit.row.cells[LAST_UPDATE]
    text = stamp(now + timedelta(seconds=1) if taken else now)
    return replace(edit, cells={**edit.cells, LAST_UPDATE: text})


def _after(before: Edit, order: Edit, now: datetime) -> Edit:
    """An order as it is given for the row that an edit before it has written."""
    written = {name: text for name, text in before.cells.items() if name in order.row.cells}
    row = replace(order.row, cells={**order.row.cells, **written})
    return dated(replace(order, row=row), now)
