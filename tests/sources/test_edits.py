"""Settling edits never overwrites what the user said since the read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.row import Row
from controller.sources.base import Edit, Snapshot
from controller.sources.edits import settle

COLUMNS = ("Project", "Status", "Last Update", "Reason", "Next Action")
WORDS = st.sampled_from(["", "x", "y"])
CELLS = st.fixed_dictionaries(
    {"Project": st.sampled_from(["a", "b", "c", ""])}
    | dict.fromkeys(("Status", "Last Update", "Reason", "Next Action"), WORDS)
)
LISTS = st.lists(CELLS, max_size=5)
WISHES = st.dictionaries(st.sampled_from(["Status", "Last Update", "Reason", "No Such"]), WORDS)


def snapshot(rows: list[dict[str, str]]) -> Snapshot:
    """A read of such a list."""
    return Snapshot("", COLUMNS, tuple(Row(line, cells) for line, cells in enumerate(rows, 2)))


@given(LISTS, LISTS, st.lists(WISHES, max_size=5))
@settings(deadline=None)
def test_what_is_written_was_read_so(
    before: list[dict[str, str]], after: list[dict[str, str]], wishes: list[dict[str, str]]
) -> None:
    """Whatever the user made of the list, each edit is whole or not at all, and only its own."""
    edits = [Edit(row, wish) for row, wish in zip(snapshot(before).rows, wishes, strict=False)]

    settled = settle(snapshot(after), edits)

    assert sorted(map(id, edits)) == sorted(map(id, settled.applied + settled.conflicts))
    result = [dict(cells) for cells in after]
    for (index, column), text in settled.changes.items():
        assert text != after[index][column]
        result[index][column] = text
    for edit in settled.applied:
        wanted = {column: text for column, text in edit.cells.items() if column in COLUMNS}
        assert any(
            row["Project"] == edit.row.cells["Project"] and wanted.items() <= row.items()
            for row in result
        )
    for index, _ in settled.changes:
        owners = [
            edit
            for edit in settled.applied
            if edit.row.cells["Project"] == after[index]["Project"]
            and all(
                edit.row.cells[name] == after[index][name] for name in ("Status", "Last Update")
            )
        ]
        assert owners, "a row was written whose status is not the one that was read"


@given(LISTS, st.lists(WISHES, max_size=5))
@settings(deadline=None)
def test_settling_again_changes_nothing(
    before: list[dict[str, str]], wishes: list[dict[str, str]]
) -> None:
    """Once written, the same edits from a fresh read are applied and need no write."""
    edits = [Edit(row, wish) for row, wish in zip(snapshot(before).rows, wishes, strict=False)]
    settled = settle(snapshot(before), edits)
    assert settled.conflicts == ()
    result = [dict(cells) for cells in before]
    for (index, column), text in settled.changes.items():
        result[index][column] = text
    fresh = [Edit(row, wish) for row, wish in zip(snapshot(result).rows, wishes, strict=False)]

    again = settle(snapshot(result), fresh)

    assert (again.changes, again.conflicts) == ({}, ())
