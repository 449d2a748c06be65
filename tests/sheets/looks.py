"""How a tab looks, and the requests of spreadsheets.batchUpdate that change it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Request = Mapping[str, Any]


@dataclass(slots=True)
class Looks:
    """A tab's looks.

    Attributes:
        frozen: How many rows stay while one scrolls.
        formats: Columns' formats, by the first column's place; -1 for the header.
        rules: Data validation, by the column's place.
        protected: Protected ranges.
        colours: Conditional formats, the first one first.
    """

    frozen: int = 0
    formats: dict[int, Request] = field(default_factory=dict)
    rules: dict[int, Request] = field(default_factory=dict)
    protected: list[dict[str, Any]] = field(default_factory=list)
    colours: list[dict[str, Any]] = field(default_factory=list)

    def change(self, request: Request) -> None:
        """Do one request.

        Raises:
            KeyError: Google knows none of that name, or it lacks a part.
        """
        [(word, body)] = request.items()
        _CHANGES[word](self, body)

    def _frozen(self, body: Request) -> None:
        assert body["fields"] == "gridProperties.frozenRowCount"
        self.frozen = body["properties"]["gridProperties"]["frozenRowCount"]

    def _format(self, body: Request) -> None:
        place = body["range"].get("startColumnIndex", -1)
        self.formats[place] = body["cell"]["userEnteredFormat"]

    def _rule(self, body: Request) -> None:
        assert body["range"]["startRowIndex"] == 1
        self.rules[body["range"]["startColumnIndex"]] = body["rule"]

    def _protect(self, body: Request) -> None:
        number = 1 + max((item["protectedRangeId"] for item in self.protected), default=0)
        self.protected.append({**body["protectedRange"], "protectedRangeId": number})

    def _unprotect(self, body: Request) -> None:
        found = [x for x in self.protected if x["protectedRangeId"] == body["protectedRangeId"]]
        self.protected.remove(found[0])

    def _colour(self, body: Request) -> None:
        self.colours.insert(body["index"], body["rule"])

    def _uncolour(self, body: Request) -> None:
        del self.colours[body["index"]]


_CHANGES: Mapping[str, Callable[[Looks, Request], None]] = {
    "updateSheetProperties": Looks._frozen,
    "repeatCell": Looks._format,
    "setDataValidation": Looks._rule,
    "addProtectedRange": Looks._protect,
    "deleteProtectedRange": Looks._unprotect,
    "addConditionalFormatRule": Looks._colour,
    "deleteConditionalFormatRule": Looks._uncolour,
}
