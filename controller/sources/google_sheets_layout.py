"""How a tab is laid out for people: frozen header, dropdown, checkboxes, colours. Pure.

The shapes are those of https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/request
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from controller.core.row import (
    CREDITS_USED,
    DEADLINE,
    GPU,
    LAST_UPDATE,
    PROPOSED_NEXT_ACTION,
    REASON,
    STATUS,
)
from controller.core.words import Status
from controller.sources.google_sheets_address import letters

PROTECTED = (LAST_UPDATE, REASON, CREDITS_USED, PROPOSED_NEXT_ACTION)
"""The columns that are the controller's alone; Status and Agent are the user's too."""
NOTE = "CTO Sidekick writes this column"
"""By this a protection is known as ours."""

_COLOURS = {
    Status.IN_PROGRESS: "d9ead3", Status.WAITING: "fff2cc", Status.PAUSED: "efefef",
    Status.BLOCKED: "f4cccc", Status.COMPLETED: "cfe2f3",
}  # fmt: skip
_OURS = re.compile(r'=\$[A-Z]+2="(?:' + "|".join(_COLOURS) + ')"')

Request = dict[str, Any]


def layout(gid: int, columns: Sequence[str], now: Mapping[str, Any]) -> list[Request]:
    """The requests that make a tab ready; no cell's text is changed.

    Doing them twice is the same as once: what we laid out before is taken away first.

    Args:
        gid: The tab's number.
        columns: Its columns, by the names that the rows' readers use.
        now: The tab as Google tells of it: `protectedRanges`, `conditionalFormats`.
    """
    requests = [*_removals(gid, now), _frozen(gid), _header(gid)]
    for place, column in enumerate(columns):
        requests += _column(gid, place, column)
    if STATUS in columns:
        requests += _colours(gid, columns.index(STATUS))
    return requests


def _removals(gid: int, now: Mapping[str, Any]) -> list[Request]:
    found: list[Request] = [
        {"deleteProtectedRange": {"protectedRangeId": item["protectedRangeId"]}}
        for item in now.get("protectedRanges", ())
        if item.get("description") == NOTE
    ]
    rules = list(enumerate(now.get("conditionalFormats", ())))
    for index, rule in reversed(rules):  # each one moves those behind it
        values = rule.get("booleanRule", {}).get("condition", {}).get("values", ())
        if any(_OURS.fullmatch(value.get("userEnteredValue", "")) for value in values):
            found.append({"deleteConditionalFormatRule": {"sheetId": gid, "index": index}})
    return found


def _frozen(gid: int) -> Request:
    properties = {"sheetId": gid, "gridProperties": {"frozenRowCount": 1}}
    return {
        "updateSheetProperties": {
            "properties": properties, "fields": "gridProperties.frozenRowCount",
        }
    }  # fmt: skip


def _header(gid: int) -> Request:
    area = {"sheetId": gid, "startRowIndex": 0, "endRowIndex": 1}
    return _formatted(area, {"textFormat": {"bold": True}}, "textFormat.bold")


def _column(gid: int, place: int, column: str) -> list[Request]:
    """What one column needs: Google must not make numbers and dates of texts."""
    area = _below(gid, place)
    if column == DEADLINE:
        form = {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}}
    else:
        form = {"numberFormat": {"type": "TEXT"}}
    requests = [_formatted(area, form, "numberFormat")]
    if column == STATUS:
        requests.append(_rule(area, "ONE_OF_LIST", [str(word) for word in Status], strict=True))
    elif column == DEADLINE:
        # What the API writes is text that reads as a date: a warning at most, no refusal.
        requests.append(_rule(area, "DATE_IS_VALID", [], strict=False))
    elif column == GPU:
        requests.append(_rule(area, "BOOLEAN", ["Yes", "No"], strict=False))
    elif column in PROTECTED:
        # A warning: a range that others cannot touch would keep them from sorting rows, too.
        protected = {"range": area, "description": NOTE, "warningOnly": True}
        requests.append({"addProtectedRange": {"protectedRange": protected}})
    return requests


def _colours(gid: int, place: int) -> list[Request]:
    formula = f'=${letters(place + 1)}2="{{}}"'
    return [
        {
            "addConditionalFormatRule": {
                "index": 0,
                "rule": {
                    "ranges": [_below(gid, place)],
                    "booleanRule": {
                        "condition": _condition("CUSTOM_FORMULA", [formula.format(word)]),
                        "format": {"backgroundColor": _colour(colour)},
                    },
                },
            }
        }
        for word, colour in _COLOURS.items()
    ]


def _below(gid: int, place: int) -> dict[str, int]:
    """A column without its header, to the end of the tab."""
    return {
        "sheetId": gid, "startRowIndex": 1, "startColumnIndex": place, "endColumnIndex": place + 1,
    }  # fmt: skip


def _formatted(area: Mapping[str, int], form: Mapping[str, Any], fields: str) -> Request:
    cell = {"userEnteredFormat": form}
    return {"repeatCell": {"range": area, "cell": cell, "fields": f"userEnteredFormat.{fields}"}}


def _rule(area: Mapping[str, int], kind: str, values: Sequence[str], *, strict: bool) -> Request:
    rule = {"condition": _condition(kind, values), "strict": strict, "showCustomUi": True}
    return {"setDataValidation": {"range": area, "rule": rule}}


def _condition(kind: str, values: Sequence[str]) -> dict[str, Any]:
    return {"type": kind, "values": [{"userEnteredValue": text} for text in values]}


def _colour(text: str) -> dict[str, float]:
    """Shares of red, green and blue from 0 to 1."""
    parts = (int(text[place : place + 2], 16) for place in (0, 2, 4))
    return dict(zip(("red", "green", "blue"), (part / 255 for part in parts), strict=True))
