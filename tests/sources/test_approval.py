"""Approval: another kind of list than the one in use waits for the user's word."""

from pathlib import Path

import pytest

from controller.core.errors import SidekickError
from controller.sources.approval import NOTE, ApprovedSource, SourceNotApproved, approve, pending
from controller.sources.base import Edit, SourceUnavailable
from controller.sources.memory import MemorySource


@pytest.fixture
def source() -> MemorySource:
    """A list of another kind than any that is known."""
    return MemorySource([{"Project": "One"}])


def test_the_first_list_that_is_read_is_the_one_in_use(
    source: MemorySource, tmp_path: Path
) -> None:
    """A list that cannot be read settles nothing, and neither does a mere look."""
    source.failure = SourceUnavailable("X", "y")
    approved = ApprovedSource(source, tmp_path / "state")
    with pytest.raises(SourceUnavailable):
        approved.read()
    assert not (tmp_path / "state").exists()
    source.failure = None
    ApprovedSource(source, tmp_path / "state", readonly=True).read()
    assert not (tmp_path / "state").exists()
    assert approved.read() == source.read()
    assert (tmp_path / "state" / NOTE).read_text() == "memory\n"


def test_another_kind_is_neither_read_nor_written(source: MemorySource, tmp_path: Path) -> None:
    """Until the user approves; the error says how."""
    approve(tmp_path, "sheets")
    approved = ApprovedSource(source, tmp_path)
    with pytest.raises(SourceNotApproved, match=r"kind sheets.*memory.*sidekick source approve"):
        approved.read()
    with pytest.raises(SourceNotApproved):
        approved.write([Edit(source.read().rows[0], {"Status": "Paused"})])
    assert source.writes == 0
    assert pending(tmp_path, "memory") == "sheets"
    approve(tmp_path, "memory")
    assert pending(tmp_path, "memory") == ""
    assert approved.read() == source.read()


def test_a_note_that_cannot_be_read_permits_nothing(source: MemorySource, tmp_path: Path) -> None:
    """Could not read is never: there is none."""
    (tmp_path / NOTE).mkdir()
    with pytest.raises(SidekickError) as caught:
        ApprovedSource(source, tmp_path).read()
    assert caught.value.reason == "StateUnavailable"
    assert source.reads == 0
