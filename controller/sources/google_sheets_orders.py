"""Orders that were taken and are not in the sheet yet, kept beyond a kill."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.core.row import Row
from controller.files import make_folder, read_small, write_whole
from controller.sources.base import Edit


@dataclass(frozen=True, slots=True)
class Order:
    """A person's edit, and when it was given."""

    edit: Edit
    since: datetime


class OrderBook:
    """Keeps the orders of one list in a file, from before they are confirmed until they are done.

    Args:
        path: The file.
        name: Which list; orders for another one are none.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._kept: tuple[Order, ...] = ()

    def load(self) -> Sequence[Order]:
        """Those that were left; none where the file cannot be read."""
        try:
            found = json.loads(read_small(self._path))
            orders = tuple(_order(item) for item in found["orders"])
            self._kept = orders if found["name"] == self._name else ()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._kept = ()
        return self._kept

    def keep(self, orders: Sequence[Order]) -> None:
        """Keep these and no others; what cannot be kept is a risk, and no fault of the order."""
        if tuple(orders) == self._kept:
            return
        with suppress(OSError):
            if orders:
                make_folder(self._path.parent)
                document = {"name": self._name, "orders": [_form(order) for order in orders]}
                write_whole(self._path, json.dumps(document).encode())
            else:
                self._path.unlink(missing_ok=True)
            self._kept = tuple(orders)


def _form(order: Order) -> dict[str, Any]:
    row = order.edit.row
    return {
        "line": row.line,
        "row": dict(row.cells),
        "cells": dict(order.edit.cells),
        "since": order.since.isoformat(),
    }


def _order(form: Mapping[str, Any]) -> Order:
    row = Row(int(form["line"]), _texts(form["row"]))
    since = datetime.fromisoformat(form["since"])
    if since.tzinfo is None:
        raise ValueError(form["since"])
    return Order(Edit(row, _texts(form["cells"]), order=True), since)


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    return {str(column): str(text) for column, text in form.items()}
