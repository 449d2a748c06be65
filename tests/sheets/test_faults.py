"""Each failure of Google's has its reason and its mend, and nothing is lost by it."""

from pathlib import Path
from threading import Event

import pytest

from controller.sources.base import SourceEmpty, SourceInvalid
from controller.sources.google_sheets_faults import SheetFault
from tests.e2e.lab import wait_for
from tests.sheets import faults
from tests.sheets.accounts import EMAIL
from tests.sheets.emulator import Emulator
from tests.sheets.faults import Fault
from tests.sheets.lists import edit, fill, sheet, statuses
from tests.sources.benches import COLUMNS

OFF = "Google Sheets API has not been used in project 1 before or it is disabled."
SCOPE = "Request had insufficient authentication scopes."
CASES = {
    "ApiDisabled": (Fault(403, message=OFF, reason="SERVICE_DISABLED"), "switch it on"),
    "ScopeMissing": (Fault(403, message=SCOPE), "service account"),
    "NotShared": (Fault(403, message="The caller does not have permission"), EMAIL),
    "SheetNotFound": (Fault(404), "correct priority_source.sheets"),
    "ApiKeyInvalid": (Fault(400, message="API key not valid."), "make a new one"),
    "NotASheet": (
        Fault(400, message="This operation is not supported for this document"),
        "Save as Google Sheets",
    ),
    "SheetRefused": (Fault(400, message="Invalid value at 'ranges'"), "Invalid value"),
    "QuotaExceeded": (Fault(429, headers=(("Retry-After", "30"),)), "tried again"),
    "AnswerUnreadable": (faults.EMPTY_OBJECT, "proxy"),
}
UNREADABLE = (faults.HTML_200, faults.STRING_ERROR)
TROUBLES = (faults.HTML_502, faults.EMPTY_500, Fault(503), faults.RESET, faults.CUT)


@pytest.mark.parametrize(
    "reason",
    [
        *(reason for reason in CASES if reason != "AnswerUnreadable"),
        pytest.param("AnswerUnreadable", marks=pytest.mark.slow),  # it is tried again first
    ],
)
def test_each_refusal_has_its_reason_and_mend(
    google: Emulator, tmp_path: Path, reason: str
) -> None:
    """The next read works again; nobody has to start anything anew."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    fault, mend = CASES[reason]
    source.read()
    google.fail("batchGet", *[fault] * (3 if reason == "AnswerUnreadable" else 1))
    with pytest.raises(SheetFault) as caught:
        source.read()
    assert (caught.value.reason, mend in caught.value.message) == (reason, True)
    assert len(source.read().rows) == 1
    source.close()


@pytest.mark.parametrize(
    "fault",
    [
        faults.HTML_502,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (*UNREADABLE, *TROUBLES[1:])),
    ],
)
def test_what_passes_is_tried_again(google: Emulator, tmp_path: Path, fault: Fault) -> None:
    """A command does not fail by one bad answer."""
    fill(google, "a")
    codes: list[str] = []
    source = sheet(google, tmp_path, codes=codes)
    google.fail("batchGet", fault)
    assert len(source.read().rows) == 1
    assert codes[-1] == "200"
    source.close()


def test_retry_after_is_honoured(google: Emulator, tmp_path: Path) -> None:
    """As seconds; a command that would wait too long says so instead."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    google.fail("batchGet", Fault(503, headers=(("Retry-After", "120"),)))
    with pytest.raises(SheetFault) as caught:
        source.read()
    assert caught.value.retry_after == 120
    assert google.calls["batchGet"] == 1
    source.close()


def test_an_empty_answer_is_no_empty_list(google: Emulator, tmp_path: Path) -> None:
    """A blank tab wants nothing no more than `{}` does, which the cases above have."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    google.tab.cells = []
    with pytest.raises(SourceEmpty, match="Version history"):
        source.read()
    source.close()


def test_a_lost_header_names_the_column(google: Emulator, tmp_path: Path) -> None:
    """The header is gone: what is missing is named."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    google.tab.delete(0)
    with pytest.raises(SourceInvalid, match="'Project'"):
        source.read()
    source.close()


TOKENS = {
    "ClockSkew": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
    "timeframe. Check your iat and exp values in the JWT claim.",
    "KeyRevoked": "Invalid JWT Signature.",
    "AccountGone": "Invalid grant: account not found",
    "TokenRevoked": "Token has been expired or revoked.",
    "CredentialsRefused": "Bad Request",
}


@pytest.mark.parametrize("reason", TOKENS)
def test_each_auth_failure_is_told_apart(google: Emulator, tmp_path: Path, reason: str) -> None:
    """And once it is mended, the same source works again."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    google.token_error = ("invalid_grant", TOKENS[reason])
    with pytest.raises(SheetFault) as caught:
        source.read()
    assert caught.value.reason == reason
    google.token_error = None
    assert len(source.read().rows) == 1
    source.close()


def test_a_revoked_access_token_is_renewed(google: Emulator, tmp_path: Path) -> None:
    """Another token is asked for, and nobody notices."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    source.read()
    google.revoke()
    assert len(source.read().rows) == 1
    assert google.calls["token"] == 2
    source.close()


def test_503_after_the_write_is_written_once(google: Emulator, tmp_path: Path) -> None:
    """The next try reads what is there, and finds it done."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path)
    wanted = edit(source.read(), "b", status="Queued")
    google.fail("write", faults.APPLIED_503)
    assert source.write([wanted]).applied == (wanted,)
    assert statuses(google) == {"a": "", "b": "Queued"}
    assert google.calls["write"] == 1
    source.close()


def test_503_after_a_write_that_missed_its_row(google: Emulator, tmp_path: Path) -> None:
    """The row that was soiled gets its own cells back, the right one gets ours."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path)
    wanted = edit(source.read(), "b", status="Queued")
    google.fail("write", faults.APPLIED_503)

    def race(deed: str) -> None:
        if deed == "write":
            google.before = None
            google.tab.insert(1, ["new", "", "", "", "", "do"])

    google.before = race
    assert source.write([wanted]).applied == (wanted,)
    assert statuses(google) == {"new": "", "a": "", "b": "Queued"}
    source.close()


def test_a_word_typed_while_an_order_fails_stays(google: Emulator, tmp_path: Path) -> None:
    """The same word as the order's is not taken for the order, on another row."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path)
    snapshot = source.read()
    google.fail("write", Fault(503, headers=(("Retry-After", "60"),)))
    with pytest.raises(SheetFault):
        source.write([edit(snapshot, "a", order=True, status="Paused")])
    google.tab.type("b", "Status", "Paused")
    source.write([])
    assert statuses(google) == {"a": "", "b": "Paused"}
    source.close()


def test_a_write_that_arrives_late(google: Emulator, tmp_path: Path) -> None:
    """Long after nobody waits for it, when rows have moved: the row that it hits is put right."""
    fill(google, "a", "b", "c")
    google.tab.type("b", "Status", "Completed")
    source = sheet(google, tmp_path, deadline=2)
    snapshot = source.read()
    go, done = Event(), Event()

    def hold(deed: str) -> None:
        if deed == "write":
            google.before = None
            go.wait(40)
            google.tab.sort(reverse=True)
            google.tab.delete(1)
            done.set()

    google.before = hold
    wanted = edit(snapshot, "a", status="In Progress", agent="x", last_update="then")
    with pytest.raises(SheetFault, match="did not answer"):
        source.write([wanted])
    assert source.write([wanted]).applied == (wanted,)
    google.tab.type("b", "Owner", "me")
    assert source.write([edit(source.read(), "c", reason="Slots")]).conflicts == ()
    go.set()
    assert done.wait(20)
    wait_for("the late write", lambda: statuses(google)["b"] == "In Progress")
    assert source.write([]).conflicts == ()
    assert statuses(google) == {"b": "Completed", "a": "In Progress"}
    rows = {line["Project"]: line for line in google.tab.table()}
    assert [rows["b"][name] for name in ("Agent", "Last Update", "Owner")] == ["", "", "me"]
    source.close()


def test_a_row_renamed_before_the_write(google: Emulator, tmp_path: Path) -> None:
    """It is the same row, and keeps what was written: blanked, it would ask to be done again."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path)
    wanted = edit(source.read(), "a", status="Completed", agent="x", last_update="then")

    def race(deed: str) -> None:
        if deed == "write":
            google.before = None
            google.tab.type("a", "Project", "renamed")

    google.before = race
    assert source.write([wanted]).conflicts == (wanted,)
    line = next(line for line in google.tab.table() if line["Project"] == "renamed")
    assert [line[name] for name in ("Status", "Agent", "Last Update")] == ["Completed", "x", "then"]
    assert statuses(google)["b"] == ""
    source.close()


def test_a_column_inserted_before_the_write(google: Emulator, tmp_path: Path) -> None:
    """What was written into the user's column is taken back, and written where it belongs."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path)
    wanted = edit(source.read(), "b", status="Queued", agent="claude")

    def race(deed: str) -> None:
        if deed == "write":
            google.before = None
            google.tab.cells = [[line[0], *line[:1], *line[1:]] for line in google.tab.cells]
            google.tab.cells[0][1] = "Mine"

    google.before = race
    assert source.write([wanted]).applied == (wanted,)
    rows = google.tab.table()
    assert [line["Mine"] for line in rows] == ["a", "b"]
    assert [line["Priority"] for line in rows] == ["1", "1"]
    assert [(line["Status"], line["Agent"]) for line in rows] == [("", ""), ("Queued", "claude")]
    assert tuple(google.tab.cells[0]) == ("Project", "Mine", *COLUMNS[1:])
    source.close()


def test_what_begins_like_a_formula_is_plain_text(google: Emulator, tmp_path: Path) -> None:
    """Every write is RAW; the emulator refuses all else."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    for text in ("=1+1", "+1", "-1", "@x"):
        source.write([edit(source.read(), "a", reason=text)])
        assert google.tab.table()[0]["Reason"] == text
    source.close()


@pytest.mark.slow
def test_codes_are_counted(google: Emulator, tmp_path: Path) -> None:
    """Every answer by its status, and what brought none as an error."""
    fill(google, "a")
    codes: list[str] = []
    source = sheet(google, tmp_path, codes=codes)
    google.fail("batchGet", Fault(503), faults.RESET)
    source.read()
    assert codes == ["200", "503", "error", "200"]
    source.close()


def test_a_blank_line_above_the_header_is_told(google: Emulator, tmp_path: Path) -> None:
    """What somebody inserted there is named, and that it is to go."""
    fill(google, "a")
    google.tab.insert(0, [])
    source = sheet(google, tmp_path)
    with pytest.raises(SourceInvalid, match=r"line 1 is blank.*Delete the lines above"):
        source.read()
    google.tab.delete(0)
    assert len(source.read().rows) == 1
    source.close()
