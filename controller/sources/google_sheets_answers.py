"""What is wanted of Google's answers.

All raise KeyError, TypeError, ValueError or AttributeError where one has another shape than
Google's.
"""

from typing import Any


def object_in(answer: Any) -> dict[str, Any]:
    """The answer, where it is an object."""
    if not isinstance(answer, dict):
        raise TypeError(answer)
    return answer


def values_in(answer: Any) -> list[list[object]]:
    """Every line's values after a read of one range."""
    [found] = answer["valueRanges"]
    if "range" not in object_in(found):
        raise KeyError("range")
    return _table(found)


def lines_in(answer: Any, count: int) -> list[list[object]]:
    """Each line's values after a write."""
    tables = [_table(object_in(item).get("updatedData", {})) for item in list(answer["responses"])]
    if len(tables) != count:
        raise ValueError(len(tables))
    return [table[0] if table else [] for table in tables]


def _table(found: Any) -> list[list[object]]:
    values = object_in(found).get("values", [])
    if not (isinstance(values, list) and all(isinstance(line, list) for line in values)):
        raise TypeError(values)
    return values


def tabs_in(answer: Any) -> dict[int, dict[str, Any]]:
    """Each tab by its number; the first one's may be left out, for it is 0."""
    tabs = {int(item["properties"].get("sheetId", 0)): item for item in answer["sheets"]}
    if not tabs or any("title" not in item["properties"] for item in tabs.values()):
        raise ValueError(len(tabs))
    return tabs
