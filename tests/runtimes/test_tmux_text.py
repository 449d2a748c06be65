"""What is said to tmux and what is read from it, as text alone."""

import contextlib
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.observed import Session
from controller.runtimes.base import StartRequest
from controller.runtimes.tmux_listing import Listing, Parser, split_id
from controller.runtimes.tmux_mark import parse_mark, render_mark
from controller.runtimes.tmux_script import (
    _COPY,
    append_command,
    quote,
    remove_script,
    start_script,
)

words = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"))
odd_words = st.text("ab'\"#%[{(}\\$` ;~é", max_size=30)
runs = st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)
owners = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.@/:+-]{0,30}", fullmatch=True)

ROW = "$3\x1fapp\x1f%7\x1f42\x1f0\x1f" + render_mark("me", "r1") + "\x1f1795428674"


def parsed(*rows: str) -> Listing:
    """The listing of these rows, from a server that answered."""
    listing = Parser().read(["12.34", *rows])
    assert listing is not None
    return listing


@given(words | odd_words)
def test_a_quoted_word_is_one_word_and_itself(word: str) -> None:
    """To the shell, whose single quotes tmux shares."""
    assert [word] == shlex.split(quote(word))


@given(words | odd_words)
def test_an_appending_command_means_its_path_whatever_expands_it(path: str) -> None:
    """No `#` is followed by what would make it a format or a style, no `%` stands alone."""
    command = append_command(path)

    expanded = command.replace("%%", "\0").replace("##'", "\1'")
    assert "%" not in expanded
    assert "#" not in expanded
    shell = expanded.replace("\0", "%").replace("\1", "#")
    assert [f"log={path};"] == shlex.split(shell.removesuffix(_COPY))


def test_a_start_is_one_line_and_nothing_of_it_is_the_requests_to_choose() -> None:
    """The rest of a line is left out when a command of it fails."""
    requests = [
        StartRequest("r1", "app", Path("/runs/it's r1")),
        StartRequest("r2", "web", Path("/runs/r2"), pipe_output=False),
    ]

    first, second, who, panes, end = start_script("me", ("python3", "-m", "x"), requests).split(
        "\n"
    )

    assert first == (
        "new-session -d -E -x 200 -y 50 -s 'app' -n agent -- "
        r"'python3' '-m' 'x' '/runs/it'\''s r1'"
        """ ; set-option -p -t '=app:' @sidekick '{"owner":"me","run":"r1"}'"""
        " ; set-option -p -t '=app:' remain-on-exit on"
        " ; pipe-pane -o -t '=app:' " + quote(append_command("/runs/it's r1/output.log"))
    )
    assert "pipe-pane" not in second
    assert who.startswith("'display-message' ")
    assert panes.startswith("'list-panes' '-a' ")
    assert end == ""


@given(owners, runs)
def test_a_mark_says_what_it_was_made_of(owner: str, run: str) -> None:
    """And is one line, with nothing that ends a word of tmux's."""
    mark = render_mark(owner, run)
    assert (owner, run) == parse_mark(mark)
    assert "\n" not in mark
    assert "'" not in mark


@given(st.text())
def test_no_mark_makes_more_than_a_value_error(mark: str) -> None:
    """Whatever somebody wrote there."""
    with contextlib.suppress(ValueError):
        parse_mark(mark)


def test_a_row_becomes_a_session() -> None:
    """The id holds the server, so that it means nothing to another one."""
    expected = Session("%7@12.34", "app", "r1", alive=True, pid=42, activity=1795428674)

    assert (expected,) == parsed(ROW).sessions("me")
    assert parsed(ROW).sessions("you") == ()
    assert parsed(ROW).server_pid == 12
    assert split_id(expected.id) == ("%7", "12.34")
    (session,) = parsed(ROW).sessions("me")
    assert session.activity == expected.activity


def test_a_parser_that_knows_the_rows_reads_what_a_new_one_reads() -> None:
    """Only what changed is new: the activity, a name, another server."""
    known = Parser()
    for server, row in [
        ("12.34", ROW),
        ("12.34", ROW),
        ("12.34", ROW.replace("1795428674", "1795428675")),
        ("12.34", ROW.replace("app", "web")),
        ("12.35", ROW),
        ("12.35", ROW.replace("1795428674", "")),
    ]:
        again, anew = known.read([server, row]), Parser().read([server, row])
        assert again == anew
        assert again is not None
        assert anew is not None
        assert again.panes[0].session.activity == anew.panes[0].session.activity
        assert known.read([server, row]) == again
    first = known.read(["12.35", ROW])
    second = known.read(["12.35", ROW])
    assert first is not None
    assert second is not None
    assert first.panes[0].session is second.panes[0].session


@given(st.lists(st.text(max_size=40) | st.text("\x1f%$0a{}", max_size=30)))
def test_malformed_rows_cost_only_themselves(rows: list[str]) -> None:
    """Too few columns, too many, no numbers, no ids."""
    assert parsed(ROW).panes == parsed(*rows, ROW, *rows).panes


@pytest.mark.parametrize("lines", [[], [""], ["hello"], [ROW], ["12.34x"], ["12"]])
def test_what_is_not_headed_by_a_servers_identity_is_no_listing(lines: list[str]) -> None:
    """It is not an empty listing either."""
    assert Parser().read(lines) is None


def test_a_removal_names_the_pane_the_server_and_the_mark() -> None:
    """All three must hold at the moment of the removal."""
    session = Session("%7@12.34", "app", "r1", alive=True)
    assert remove_script("me", [session]) == (
        "if-shell -F -t '%7' '#{&&:#{==:#{pid}.#{start_time},12.34},"
        '#{&&:#{m:*"me"*,#{@sidekick}},#{m:*"r1"*,#{@sidekick}}}}\' '
        "'kill-pane -t %7'\n"
    )


@pytest.mark.parametrize("session_id", ["", "%7", "7@12.34", "%7@", "%7@12.34 ; kill-server"])
def test_a_foreign_id_removes_nothing(session_id: str) -> None:
    """An id of another runtime is a defect of the caller."""
    with pytest.raises(ValueError, match="not an id"):
        remove_script("me", [Session(session_id, "app", "r1", alive=True)])
