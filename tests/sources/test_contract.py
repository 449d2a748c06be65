"""What every source must do; see `controller.sources.base`."""

import pytest

from controller.sources.base import Edit, SourceInvalid, SourceUnavailable
from tests.sources.benches import COLUMNS, Bench, cells_of, edits_of, row


def test_rows_come_in_the_lists_order(bench: Bench) -> None:
    """Columns and rows are read in order, each row with its line."""
    bench.save([row("b", priority="2"), row("a")])

    snapshot = bench.source.read()

    assert snapshot.columns == COLUMNS
    assert cells_of(snapshot, "Project") == ["b", "a"]
    assert cells_of(snapshot, "Priority") == ["2", "1"]
    assert [found.line for found in snapshot.rows] == [2, 3]
    assert [found.extra for found in snapshot.rows] == [()] * 2


def test_every_column_of_the_header_has_a_cell(bench: Bench) -> None:
    """What a row leaves out is an empty cell."""
    bench.save([{"Project": "a"}])

    (found,) = bench.source.read().rows

    assert set(COLUMNS) == set(found.cells)
    assert {""} == {found.cells[column] for column in COLUMNS[1:]}


def test_a_list_of_no_rows_is_a_good_read(bench: Bench) -> None:
    """A header alone wants nothing, and says so."""
    bench.save([])

    assert bench.source.read().rows == ()


def test_blank_rows_are_skipped(bench: Bench) -> None:
    """A row whose cells are all blank is none; the others keep their lines."""
    bench.save([row("a"), {"Project": "  "}, {}, row("b")])

    snapshot = bench.source.read()

    assert cells_of(snapshot, "Project") == ["a", "b"]
    assert [found.line for found in snapshot.rows] == [2, 5]


def test_idle_rows_are_skipped(bench: Bench) -> None:
    """Unchecked boxes and formulas of a column of one's own go on below the list; work is told."""
    below = [{"GPU": "FALSE"}, {"GPU": "No", "Owner": "nobody"}, {"Owner": "0 days left"}]
    bench.save([row("a"), *below, {"GPU": "TRUE"}, {"Next Action": "do it"}])

    snapshot = bench.source.read()

    assert [found.line for found in snapshot.rows] == [2, 6, 7]
    done = bench.source.write(edits_of(snapshot, "a", status="Queued"))
    assert len(done.applied) == 1
    assert cells_of(bench.source.read(), "Status") == ["Queued", "", ""]


def test_outer_blanks_are_kept_in_cells(bench: Bench) -> None:
    """`cells` holds what was typed, `cell` what is meant."""
    bench.save([row(" a ", next_action="\tdo\n")])

    (found,) = bench.source.read().rows

    assert (found.cells["Project"], found.cells["Next Action"]) == (" a ", "\tdo\n")
    assert (found.cell("Project"), found.cell("Next Action")) == ("a", "do")


def test_known_columns_are_found_however_they_are_typed(bench: Bench) -> None:
    """Case and blanks do not matter, aliases are resolved, other columns keep their names."""
    columns = (
        *("project", " PRIORITY ", "status", "aGent", "last  update", "Next action"),
        *("gpu?", " My notes "),
    )
    bench.save([dict.fromkeys(columns, "x")], columns)

    assert (
        *("Project", "Priority", "Status", "Agent", "Last Update", "Next Action"),
        *("GPU", "My notes"),
    ) == bench.source.read().columns


def test_a_missing_column_is_named(bench: Bench) -> None:
    """A list without a required column is invalid."""
    bench.save([row("a")], [column for column in COLUMNS if column != "Last Update"])

    with pytest.raises(SourceInvalid, match="'Last Update'") as caught:
        bench.source.read()

    assert (
        caught.value.reason,
        caught.value.line,
        caught.value.column,
    ) == ("MissingColumn", 1, "Last Update")


def test_a_column_there_twice_is_named(bench: Bench) -> None:
    """A list with two columns of one name, an alias included, is invalid."""
    bench.save([row("a")], [*COLUMNS, "GPU?"])

    with pytest.raises(SourceInvalid, match="'GPU' is there twice") as caught:
        bench.source.read()

    assert (caught.value.reason, caught.value.column) == ("DuplicateColumn", "GPU")


def test_equal_content_is_one_snapshot(bench: Bench) -> None:
    """The same content, read again or saved again, gives the very same object."""
    bench.save([row("a")])
    first = bench.source.read()
    bench.save([row("a")])

    assert bench.source.read() is first


def test_the_revision_tells_contents_apart(bench: Bench) -> None:
    """Another content has another revision; the old content has the old one."""
    bench.save([row("a")])
    first = bench.source.read().revision
    bench.save([row("b")])
    second = bench.source.read().revision
    bench.save([row("a")])

    assert first != second
    assert first == bench.source.read().revision


def test_an_edit_changes_its_cells_alone(bench: Bench) -> None:
    """The cells of an edit are written, all others are as they were."""
    bench.save([row("a"), row("b", owner="me")])
    before = bench.source.read()
    edits = edits_of(before, "b", status="In Progress", reason="Running")

    written = bench.source.write(edits)

    after = bench.source.read()
    assert tuple(edits) == written.applied
    assert written.conflicts == ()
    assert after.revision == written.revision
    assert before.rows[0] == after.rows[0]
    assert {**before.rows[1].cells, "Status": "In Progress", "Reason": "Running"} == (
        after.rows[1].cells
    )


def test_what_the_list_holds_already_is_applied(bench: Bench) -> None:
    """An edit that was written before changes nothing and is no conflict."""
    bench.save([row("a")])
    edits = edits_of(bench.source.read(), "a", status="Queued")
    first = bench.source.write(edits)

    assert first == bench.source.write(edits)


def test_no_edits_change_nothing(bench: Bench) -> None:
    """Writing nothing gives the revision as it is."""
    bench.save([row("a")])
    revision = bench.source.read().revision

    assert revision == bench.source.write([]).revision


@pytest.mark.parametrize("column", ["Status", "Last Update", "Reason"])
def test_a_cell_that_the_user_changed_meanwhile_is_a_conflict(bench: Bench, column: str) -> None:
    """The user's newer word stands; the other edits are applied."""
    bench.save([row("a"), row("b")])
    before = bench.source.read()
    edits = [edits_of(before, name, reason="ours")[0] for name in ("a", "b")]
    bench.save([{**row("a"), column: "theirs"}, row("b")])

    written = bench.source.write(edits)

    assert ((edits[1],), (edits[0],)) == (written.applied, written.conflicts)
    after = bench.source.read()
    assert after.rows[0].cells[column] == "theirs"
    assert after.rows[1].cells["Reason"] == "ours"


def test_other_cells_may_change_meanwhile(bench: Bench) -> None:
    """An edit of Status fits a row whose Next Action was rewritten, and keeps that."""
    bench.save([row("a")])
    edits = edits_of(bench.source.read(), "a", status="Queued")
    bench.save([row("a", next_action="something else")])

    assert tuple(edits) == bench.source.write(edits).applied
    (found,) = bench.source.read().rows
    assert (found.cells["Status"], found.cells["Next Action"]) == ("Queued", "something else")


def test_a_row_is_found_wherever_it_moved(bench: Bench) -> None:
    """Rows inserted, deleted and sorted meanwhile do not lead an edit astray."""
    bench.save([row("a"), row("b"), row("c")])
    edits = edits_of(bench.source.read(), "b", status="Queued")
    bench.save([row("new"), row("c"), row("b")])

    assert tuple(edits) == bench.source.write(edits).applied
    assert cells_of(bench.source.read(), "Status") == ["", "", "Queued"]


def test_a_row_that_is_gone_is_a_conflict(bench: Bench) -> None:
    """An edit of a deleted or renamed row writes nothing."""
    bench.save([row("a"), row("b")])
    edits = edits_of(bench.source.read(), "a", status="Queued")
    bench.save([row("A renamed"), row("b")])
    revision = bench.source.read().revision

    written = bench.source.write(edits)

    assert ((), tuple(edits)) == (written.applied, written.conflicts)
    assert revision == written.revision == bench.source.read().revision


def test_rows_that_share_a_name_are_told_by_all_their_cells(bench: Bench) -> None:
    """Of two rows with one name, each gets its own edit, even after they were swapped."""
    bench.save([row("a", priority="1"), row("a", priority="2")])
    before = bench.source.read()
    edits = [Edit(found, {"Reason": found.cell("Priority")}) for found in before.rows]
    bench.save([row("a", priority="2"), row("a", priority="1")])

    assert tuple(edits) == bench.source.write(edits).applied
    assert cells_of(bench.source.read(), "Reason") == ["2", "1"]


def test_a_shared_name_with_another_cell_changed_is_a_conflict(bench: Bench) -> None:
    """Where the name tells nothing, a changed row cannot be told any more."""
    bench.save([row("a", priority="1"), row("a", priority="2")])
    edits = edits_of(bench.source.read(), "a", reason="Duplicate")
    bench.save([row("a", priority="3"), row("a", priority="2")])

    written = bench.source.write(edits)

    assert ((edits[1],), (edits[0],)) == (written.applied, written.conflicts)
    assert cells_of(bench.source.read(), "Reason") == ["", "Duplicate"]


def test_an_edit_of_a_deleted_namesake_is_a_conflict(bench: Bench) -> None:
    """Of two rows with one name the one that is left does not take the other's edit."""
    bench.save([row("a", priority="1"), row("a", priority="2")])
    edits = edits_of(bench.source.read(), "a", reason="Duplicate")
    bench.save([row("a", priority="2")])

    written = bench.source.write(edits)

    assert (written.applied, written.conflicts) == ((edits[1],), (edits[0],))


@pytest.mark.parametrize("name", ["a", ""])
def test_equal_rows_get_an_edit_each(bench: Bench, name: str) -> None:
    """Rows that are equal in every cell, with a name or none, take one edit each, once."""
    bench.save([row(name), row("b"), row(name)])
    edits = edits_of(bench.source.read(), name, reason="Duplicate")

    first = bench.source.write(edits)

    assert tuple(edits) == first.applied
    assert cells_of(bench.source.read(), "Reason") == ["Duplicate", "", "Duplicate"]
    assert first == bench.source.write(edits)


def test_a_nameless_row_is_not_taken_for_another(bench: Bench) -> None:
    """A row without a name is found by all its cells, though it is the only one."""
    bench.save([row("", priority="1")])
    edits = edits_of(bench.source.read(), "", reason="NoName")
    bench.save([row("", priority="2")])

    assert tuple(edits) == bench.source.write(edits).conflicts


def test_an_edit_sees_those_before_it(bench: Bench) -> None:
    """Two edits from one read: the second finds the row changed, by us."""
    bench.save([row("a")])
    before = bench.source.read()
    edits = [edits_of(before, "a", status=word)[0] for word in ("Queued", "In Progress")]

    written = bench.source.write(edits)

    assert ((edits[0],), (edits[1],)) == (written.applied, written.conflicts)


def test_columns_that_the_list_lacks_are_left_out(bench: Bench) -> None:
    """An edit of a column that is not there writes its other cells."""
    columns = [column for column in COLUMNS if column != "Reason"]
    bench.save([row("a")], columns)
    edits = edits_of(bench.source.read(), "a", status="Queued", reason="Slots")

    assert tuple(edits) == bench.source.write(edits).applied
    assert cells_of(bench.source.read(), "Status") == ["Queued"]
    assert tuple(columns) == bench.source.read().columns


def test_an_edit_of_missing_columns_alone_changes_nothing(bench: Bench) -> None:
    """Nothing to write is no conflict and no write."""
    bench.save([row("a")])
    before = bench.source.read()
    edits = edits_of(before, "a", credits_used="5")

    written = bench.source.write(edits)

    assert (before.revision, tuple(edits)) == (written.revision, written.applied)


def test_a_column_that_was_added_meanwhile_can_be_written(bench: Bench) -> None:
    """A new, empty Reason column takes the edit of a row that was read without it."""
    bench.save([row("a")], [column for column in COLUMNS if column != "Reason"])
    edits = edits_of(bench.source.read(), "a", reason="Slots")
    bench.save([row("a")])

    assert tuple(edits) == bench.source.write(edits).applied
    assert cells_of(bench.source.read(), "Reason") == ["Slots"]


def test_an_edit_of_the_users_during_the_write_is_kept(bench: Bench) -> None:
    """What the user saves between our read and our write stays, and ours comes on top."""
    bench.save([row("a"), row("b")])
    edits = edits_of(bench.source.read(), "b", status="Queued")
    bench.race(lambda: bench.save([row("new"), row("a", next_action="else"), row("b")]))

    written = bench.source.write(edits)

    after = bench.source.read()
    assert tuple(edits) == written.applied
    assert after.revision == written.revision
    assert cells_of(after, "Next Action") == ["do new", "else", "do b"]
    assert cells_of(after, "Status") == ["", "", "Queued"]


def test_a_conflict_during_the_write_is_one(bench: Bench) -> None:
    """A status that the user types between our read and our write wins."""
    if not bench.swaps:
        pytest.skip("Sheets has no compare-and-swap: within one call's time the last one wins")
    bench.save([row("a")])
    edits = edits_of(bench.source.read(), "a", status="Queued")
    bench.race(lambda: bench.save([row("a", status="Paused")]))

    assert tuple(edits) == bench.source.write(edits).conflicts
    assert cells_of(bench.source.read(), "Status") == ["Paused"]


def test_what_is_out_of_reach_is_unavailable_and_comes_back(bench: Bench) -> None:
    """Reading and writing fail while the list is gone, and work when it is back."""
    bench.save([row("a")])
    edits = edits_of(bench.source.read(), "a", status="Queued")
    bench.vanish()

    with pytest.raises(SourceUnavailable):
        bench.source.read()
    with pytest.raises(SourceUnavailable):
        bench.source.write(edits)

    bench.save([row("a")])
    assert cells_of(bench.source.read(), "Project") == ["a"]
    assert tuple(edits) == bench.source.write(edits).applied


def test_an_invalid_list_is_not_written(bench: Bench) -> None:
    """A list that lost its header since the read raises and stays as it is."""
    bench.save([row("a")])
    edits = edits_of(bench.source.read(), "a", status="Queued")
    bench.save([row("a")], COLUMNS[1:])

    with pytest.raises(SourceInvalid):
        bench.source.write(edits)


def test_closing_twice_does_no_harm(bench: Bench) -> None:
    """A source can be closed at any time."""
    bench.source.close()
    bench.source.close()
