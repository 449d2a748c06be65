"""A list that breaks beside working agents: nothing is stopped, and every window says why."""

import json
import re

import pytest

from tests.corpus.cases import CORPUS
from tests.e2e.lab import Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'
ROWS = (f"One,1,Pending,,,{WORKS},,,,", f"Two,2,Pending,,,{WORKS},,,,")
STAMP = re.compile(r"sidekick_source_last_success_timestamp_seconds (\S+)")


def metrics(lab: Lab) -> str:
    """What /metrics shows."""
    return lab.get("/metrics") or ""


def valid(lab: Lab, word: str) -> bool:
    """Whether the metrics say so of the list."""
    return f"sidekick_source_valid {word}" in metrics(lab)


def failed_reads(lab: Lab) -> float:
    """How many reads of the list failed so far."""
    found = re.search(r'sidekick_source_reads_total\{result="error"\} (\S+)', metrics(lab))
    return float(found[1]) if found else 0.0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_broken_list_is_told_everywhere_and_stops_nothing(lab: Lab) -> None:
    """One class of faults after the other: `status`, `get`, /metrics, probes, log and `validate`
    say what, where and what to do; the file is left alone; once mended, everything goes on.
    """  # noqa: D205 - one sentence
    lab.settle_in(*ROWS, times={"tick": 1, "stop_grace": 1})
    lab.start()
    for name in ("One", "Two"):
        lab.wait_status(name, "In Progress")
    wait_for("both written", lambda: all(row["Last Update"] for row in lab.rows().values()))
    agents = lab.agents()
    good = lab.list.read_bytes()
    classes = {
        "unclosed-quote": (good + b'Three,1,"', "line 4: a quote"),
        "conflict": (good + b"=======\n", "line 4: an unresolved merge conflict"),
        "missing-column": (
            good.replace(b"Status", b"State", 1),
            "line 1: the header has no column",
        ),
        "excel": ((CORPUS / "list" / "excel.csv").read_bytes(), "is an Excel file"),
        "utf16": (good.decode().encode("utf-16"), "perhaps utf-16"),
        "empty": (b"", "is empty"),
        "too-large": (good + b"\n" * (16 << 20), "16 MB"),
    }
    for broken, words in classes.values():
        wait_for("a good read", lambda: valid(lab, "1.0"))
        before = lab.output().count("read failed")
        lab.list.write_bytes(broken)
        wait_for(words, lambda: valid(lab, "0.0"))
        since = STAMP.search(metrics(lab))
        assert since

        status = lab.sidekick("status")
        assert status.returncode == 0
        assert "NOT VALID, the last good rows stand" in status.stdout
        assert words in status.stdout
        assert re.search(r"read \d+s ago", status.stdout)
        got = lab.sidekick("get")
        assert "In Progress" in got.stdout
        assert words in got.stderr
        source = json.loads(lab.sidekick("get", "-o", "json").stdout)["source"]
        assert (source["valid"], words in source["message"]) == (False, True)
        assert lab.get("/readyz")
        assert words in (lab.get("/healthz") or "")
        found = lab.sidekick("validate")
        assert (found.returncode, words in found.stdout) == (1, True)
        assert "Traceback" not in found.stderr

        reads = failed_reads(lab)
        wait_for("two later ticks", lambda: failed_reads(lab) > reads + 1)  # noqa: B023
        assert lab.output().count("read failed") == before + 1
        assert since.group() in metrics(lab)
        assert lab.list.read_bytes() == broken
        assert lab.agents() == agents
        lab.list.write_bytes(good)
    wait_for("a good read", lambda: valid(lab, "1.0"))
    assert all(alive(pid) for pid in agents.values())
    lab.edit("Two", Status="Paused")
    wait_for("its end", lambda: lab.sessions() == ["one"])
    assert "Traceback" not in lab.output()


@pytest.mark.slow
def test_a_row_that_the_file_ends_in_starts_and_stops_nothing(lab: Lab) -> None:
    """A half-written Completed row is no Pending one, and the rows behind it are not deleted."""
    lab.settle_in(*ROWS, f"Three,3,Completed,,,{WORKS},,,,")
    lab.start()
    for name in ("One", "Two"):
        lab.wait_status(name, "In Progress")
    for name in ("One", "Two"):
        lab.wait_reason(name, "Running")
    lab.wait_reason("Three", "UserCompleted")
    agents = lab.agents()
    good = lab.list.read_text()
    cut = good[: good.index("Three,3,") + len("Three,3,")]
    lab.list.write_text(cut)
    wait_for("the fault", lambda: "RowCut" in lab.sidekick("get", "-o", "json").stdout)
    assert lab.list.read_text() == cut
    assert lab.agents() == agents
    lab.list.write_text(good)
    wait_for("its end", lambda: "RowCut" not in lab.sidekick("get", "-o", "json").stdout)
    assert lab.status("Three") == "Completed"
    assert lab.agents() == agents


def test_every_row_that_is_wrong_is_told_with_its_line(lab: Lab) -> None:
    """One without a name, and one whose word only the settings could know, are no exceptions."""
    lab.settle_in("Word,1,Soon,,,x,,,,", ",1,,,,x,,,,", "Who,1,Pending,nobody,,x,,,,")
    lab.start()
    wait_for("the count", lambda: "3 rows, 3 invalid" in lab.sidekick("status").stdout)
    said = lab.sidekick("status").stdout
    for name, line in (("Word", 2), ("row 3", 3), ("Who", 4)):
        told = said.partition(f"needs you   {name}: ")[2].splitlines()[1]
        assert told.startswith(f"            desired/priorities.csv:{line}: "), said
    assert 'sidekick_source_rows{validity="invalid"} 3.0' in metrics(lab)
    board = lab.get("/") or ""
    assert "row 3" in board.partition("Needs you</h2>")[2].partition("</section>")[0]
    wide = lab.sidekick("get", "-o", "wide").stdout
    projects = json.loads(lab.sidekick("get", "-o", "json").stdout)["projects"]
    assert all(project["message"] in wide for project in projects)
