"""The scribe: what it tells of a list that may only be read."""

import json
from datetime import UTC, datetime

import pytest

from controller.core.row_schema import RowSchema
from controller.core.row_status import RowStatus
from controller.deadline import cpu_limit
from controller.metrics import Metrics
from controller.scribe import Scribe
from controller.sources.memory import MemorySource
from controller.tick import Tick
from tests.e2e.lab import ROOT

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_refusal_is_told_until_what_waits_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the moments when it is tried again; with nothing to write there is none to tell."""
    source = MemorySource([{"Project": "One"}])
    schema = RowSchema(json.loads((ROOT / "schemas/row.schema.json").read_text()))
    scribe = Scribe(source, schema, Metrics())
    row = source.read().rows[0]
    due = [RowStatus("One", row, "Queued", "", "Slots", "", cells={"Status": "Queued"})]
    arrived = [RowStatus("One", row, "Queued", "", "Slots", "")]
    told = []
    for refusal, rows in (("", due), ("no", due), ("", due), ("no", due), ("no", arrived)):
        monkeypatch.setattr(source, "refusal", lambda word=refusal: word)
        tick = Tick(NOW)
        scribe.read(tick)
        scribe.hold(tick, rows)
        told.append(scribe.view.refusal)
    assert told == ["", "no", "no", "no", ""]


def test_the_users_rules_hold_up_no_write() -> None:
    """A rule that takes for ever is for the next read, which is bounded; see `RowReader`."""
    source = MemorySource([{"Project": "One", "Reason": "Slots"}])
    document = json.loads((ROOT / "schemas/row.schema.json").read_text())
    document["properties"]["Reason"] = {"pattern": "^(S|l|o|t|s|(a+)+)*$"}
    scribe = Scribe(source, RowSchema(document), Metrics())
    tick = Tick(NOW)
    scribe.read(tick)
    assert scribe.desired
    text = 60 * "a" + "!"
    row = scribe.desired.projects["One"].row
    said = RowStatus("One", row, "Queued", "", "Slots", "", cells={"Reason": text})
    with cpu_limit(2):
        assert scribe.write(tick, [said])
    assert source.read().rows[0].cell("Reason") == text
    assert scribe.desired.projects["One"].row.cell("Reason") == text
