"""The list's families."""

from collections.abc import Iterator

from controller.core.report import SourceView
from controller.metrics.table import Table, single


def source_tables(source: SourceView) -> Iterator[Table]:
    """What is known of the list; a time that never was has no series."""
    yield Table("source", "The kind of the list.", ("kind",), (((source.kind,), 1),), kind="info")
    yield single("source_valid", "Whether the newest read of the list was good.", source.valid)
    yield single(
        "source_writable", "Whether what is to be written into the list can be.", not source.refusal
    )
    rows = ((("valid",), source.rows - source.invalid), (("invalid",), source.invalid))
    yield Table("source_rows", "Rows of the list.", ("validity",), rows)
    for name, text, at in (
        ("source_last_success_timestamp_seconds", "Last good read.", source.read_at),
        ("source_last_change_timestamp_seconds", "Last read that differed.", source.changed_at),
    ):
        if at:
            yield single(name, text, at.timestamp())
