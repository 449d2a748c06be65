"""What is done to a spreadsheet by each call."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.sheets.book import Book, Tab
from tests.sheets.calls import Call, Refused
from tests.sheets.masks import masked
from tests.sheets.ranges import Area


def _located(book: Book, text: str) -> tuple[Tab, Area]:
    area = Area.parse(text)
    tab = book.tab(area.tab) if area else None
    if area is None or tab is None:
        raise Refused(400, f"Unable to parse range: {text}")
    return tab, area


def _file(book: Book, _call: Call) -> dict[str, Any]:
    return {"id": book.id, "name": book.title}


def _metadata(book: Book, call: Call) -> dict[str, Any]:
    whole = {
        "spreadsheetId": book.id,
        "properties": {"title": book.title},
        "sheets": [
            {
                "properties": {
                    "sheetId": tab.gid,
                    "title": tab.title,
                    "index": index,
                    "gridProperties": {"columnCount": tab.width},
                },
                "protectedRanges": tab.looks.protected,
                "conditionalFormats": tab.looks.colours,
            }
            for index, tab in enumerate(book.tabs)
        ],
    }
    return masked(whole, call.query["fields"][0]) if "fields" in call.query else whole


def _values(book: Book, text: str) -> dict[str, Any]:
    tab, area = _located(book, text)
    values = tab.read(area)
    found: dict[str, Any] = {"range": text, "majorDimension": "ROWS"}
    return {**found, "values": values} if values else found


def _get(book: Book, call: Call) -> dict[str, Any]:
    return _values(book, call.range)


def _batch_get(book: Book, call: Call) -> dict[str, Any]:
    ranges = call.query.get("ranges", [])
    return {"spreadsheetId": book.id, "valueRanges": [_values(book, text) for text in ranges]}


def _filter(book: Book, call: Call) -> dict[str, Any]:
    found = []
    for item in call.body["dataFilters"]:
        text = item.get("a1Range")
        if text is None:
            gid = item["gridRange"].get("sheetId", 0)
            tab = next((one for one in book.tabs if one.gid == gid), None)
            if tab is None:
                raise Refused(400, f"No grid with id: {gid}")
            title = tab.title.replace("'", "''")
            text = f"'{title}'!A1:ZZ"
        found.append({"valueRange": _values(book, text), "dataFilters": [item]})
    return {"spreadsheetId": book.id, "valueRanges": found}


def _update(book: Book, text: str, values: Sequence[Sequence[Any]]) -> Tab:
    tab, area = _located(book, text)
    if tab.protected:
        raise Refused(400, "You are trying to edit a protected cell or object.")
    if any(area.left + len(row) > tab.width for row in values):
        raise Refused(400, f"Range ({text}) exceeds grid limits. Max columns: {tab.width}")
    tab.write(area, values)
    return tab


def _put(book: Book, call: Call) -> dict[str, Any]:
    if call.query.get("valueInputOption") != ["RAW"]:
        raise Refused(400, "this emulator stores RAW alone")
    _update(book, call.range, call.body.get("values", []))
    return {"spreadsheetId": book.id, "updatedRange": call.range}


def _write(book: Book, call: Call) -> dict[str, Any]:
    if call.body.get("valueInputOption") != "RAW":
        raise Refused(400, "this emulator stores RAW alone")
    responses = []
    for item in call.body["data"]:
        _update(book, item["range"], item["values"])
        response = {"spreadsheetId": book.id, "updatedRange": item["range"]}
        if call.body.get("includeValuesInResponse"):
            response["updatedData"] = _values(book, item["range"])
        responses.append(response)
    return {"spreadsheetId": book.id, "responses": responses}


def _append(book: Book, call: Call) -> dict[str, Any]:
    wanted = {"valueInputOption": ["RAW"], "insertDataOption": ["INSERT_ROWS"]}
    if {**call.query, **wanted} != call.query:
        raise Refused(400, "this emulator inserts RAW rows alone")
    tab, _ = _located(book, call.range)
    if tab.protected:
        raise Refused(400, "You are trying to edit a protected cell or object.")
    tab.append(call.body["values"])
    return {"spreadsheetId": book.id}


def _arrange(book: Book, call: Call) -> dict[str, Any]:
    tab = book.tabs[0]
    for request in call.body["requests"]:
        if "appendDimension" in request:
            tab.width += request["appendDimension"]["length"]
        else:
            tab.looks.change(request)
    return {"spreadsheetId": book.id, "replies": [{} for _ in call.body["requests"]]}


DEEDS: Mapping[str, Callable[[Book, Call], dict[str, Any]]] = {
    "file": _file, "metadata": _metadata, "get": _get, "batchGet": _batch_get, "filter": _filter,
    "put": _put, "write": _write, "append": _append, "arrange": _arrange,
}  # fmt: skip
