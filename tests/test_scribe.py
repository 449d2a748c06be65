"""The scribe: what it tells of a list that may only be read."""

import json
from datetime import UTC, datetime

import pytest

from controller.core.row_schema import RowSchema
from controller.core.row_status import RowStatus
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
