"""Sessions that a person began with plain tmux, whatever they look like."""

import os
from pathlib import Path

import pytest

from controller.core.errors import NotFound
from controller.core.observed import Session
from controller.runtimes.base import StartRequest
from controller.runtimes.tmux import TmuxRuntime
from controller.runtimes.tmux_adopt import pane_of, read_words
from tests.runtimes.lab import Lab, sessions_of, wait_for

NAMES = [
    "my app v1.2: the best",
    "$HOME",
    "$0",
    "%0",
    "@0",
    "=x",
    "-t",
    "*",
    "{last}",
    "+",
    "#{pid}",
    "a'b\"c`d`",
    "one; kill-server",
    r"one\;",
    "tab\there",
    "漢字 é 🙂",
    "x" * 300,
]


def new(lab: Lab, name: str, *command: str, folder: str = "/") -> str:
    """Begin a session as a person does; returns the name that tmux gave it."""
    return lab.begin(name, *(command or ("sleep", "600")), folder=folder)


def adopted(lab: Lab, runtime: TmuxRuntime, name: str, request: StartRequest) -> Session:
    """Adopt the session; what is observed of it afterwards."""
    runtime.adopt(runtime.unmarked(name), request)
    return next(session for session in sessions_of(runtime) if session.run == request.run)


def watch(request: StartRequest) -> list[str]:
    """The folder and the process that the shim of an adopted session was told."""
    note = request.folder / "watches"
    wait_for(note.exists)
    return note.read_text().splitlines()


def refusal(runtime: TmuxRuntime, name: str) -> NotFound:
    """Why a session cannot be adopted."""
    with pytest.raises(NotFound) as caught:
        runtime.unmarked(name)
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_odd_names(lab: Lab, runtime: TmuxRuntime, name: str) -> None:
    """A name means that one session and nothing else, to tmux as to us."""
    new(lab, "other")
    given = new(lab, name)

    session = adopted(lab, runtime, given, lab.request("app", "r1"))

    assert (session.name, session.run) == ("app", "r1")
    assert sorted(lab.tmux("list-sessions", "-F", "#{session_name}").split("\n")) == [
        "app", "other",
    ]  # fmt: skip


def test_a_name_as_it_was_typed(lab: Lab, runtime: TmuxRuntime) -> None:
    """Tmux has no dots and colons in names, and does not say so; the exact name goes first."""
    new(lab, "my.app:1")
    assert runtime.unmarked("my.app:1").name == "my_app_1"
    assert refusal(runtime, "my.app").reason == "SessionMissing"


def test_a_missing_session_tells_where_to_make_one(lab: Lab, runtime: TmuxRuntime) -> None:
    """Most likely it is on the person's own server."""
    said = refusal(runtime, "mine")
    assert "there are: none" in said.message
    new(lab, "one")
    new(lab, "two")
    lab.tmux("split-window", "-d", "-t", "=two:", "sleep 600")
    said = refusal(runtime, "mine")
    assert said.reason == "SessionMissing"
    assert "there are: one, two)" in said.message
    assert f"tmux -S {lab.socket} new-session -s NAME" in said.message


def test_the_shim_is_told_folder_and_process(lab: Lab, runtime: TmuxRuntime) -> None:
    """Neither tmux nor the shell finds anything to expand in the folder's name."""
    new(lab, "hand", "sh", "-c", "sleep 600; :")
    odd = 'o\'d #{pid} #(echo) ##[x] %H "$HOME" `id`; \\'
    request = lab.request("app", "r1", folder=odd)

    session = adopted(lab, runtime, "hand", request)

    assert [str(request.folder), str(session.pid)] == watch(request)
    assert Path(f"/proc/{session.pid}/cmdline").read_bytes() == b"sh\0-c\0sleep 600; :\0"


def test_its_output_is_kept_and_its_screen_stays(lab: Lab, runtime: TmuxRuntime) -> None:
    """Like that of a session that we started; a split of the person's is the person's."""
    new(lab, "hand", "sh", "-c", "read line; echo got $line")
    request = lab.request("app", "r1", folder="it's #{pid} %H ##[x]")
    session = adopted(lab, runtime, "hand", request)
    lab.tmux("split-window", "-d", "-t", "=app:", "true")

    lab.tmux("send-keys", "-t", session.id.partition("@")[0], "a word", "Enter")

    wait_for(lambda: not sessions_of(runtime)[0].alive)
    wait_for(lambda: "got a word" in (request.folder / "output.log").read_text())
    assert "got a word" in runtime.screen(sessions_of(runtime)[0], 10)


def test_a_persons_own_pipe_stays(lab: Lab, runtime: TmuxRuntime) -> None:
    """A pane has one pipe: what a person records goes on, and our log is left out."""
    new(lab, "hand", "sh", "-c", "read line; echo got $line; sleep 600")
    mine = lab.folder / "mine"
    lab.tmux("pipe-pane", "-t", "=hand:", f"exec cat >>{mine}")
    request = lab.request("app", "r1")
    adopted(lab, runtime, "hand", request)

    lab.tmux("send-keys", "-t", "=app:", "a word", "Enter")

    wait_for(lambda: mine.exists() and "got a word" in mine.read_text())
    assert not (request.folder / "output.log").exists()


def test_headless_runs_are_not_piped(lab: Lab, runtime: TmuxRuntime) -> None:
    """A run whose shim writes the log gets no second writer."""
    new(lab, "hand")
    request = lab.request("app", "r1", piped=False)
    adopted(lab, runtime, "hand", request)
    assert lab.tmux("display-message", "-p", "-t", "=app:", "#{pane_pipe}") == "0"


def test_a_lost_mark_needs_no_second_shim(lab: Lab, runtime: TmuxRuntime) -> None:
    """The session's process is the shim already."""
    request = lab.request("app", "r1", piped=False)
    assert runtime.start([request]) == {}
    before = sessions_of(runtime)
    lab.tmux("set-option", "-pu", "-t", "=app:", "@sidekick")
    found = runtime.unmarked("app")
    assert found.argv == ("/bin/sh", str(lab.agent), str(request.folder)) or "sleep" in found.argv

    runtime.adopt(found, request, watched=True)
    lab.tmux("run-shell", "true")

    assert before == sessions_of(runtime)
    assert not (request.folder / "watches").exists()


def test_a_shim_that_refuses(lab: Lab, runtime: TmuxRuntime) -> None:
    """Nothing of it is shown in anybody's pane; its record is where it says why."""
    new(lab, "hand")
    request = lab.request("app", "r1")
    lab.agent.write_text('echo no; echo no >&2; echo x >"$2/watches"; exit 125')
    runtime.adopt(runtime.unmarked("hand"), request)
    assert watch(request) == ["x"]
    lab.tmux("run-shell", "true")
    assert lab.tmux("list-panes", "-a", "-F", "#{pane_in_mode}") == "0"


def test_a_released_session_is_as_before(lab: Lab, runtime: TmuxRuntime) -> None:
    """No mark, no pipe, and it closes with its program."""
    new(lab, "hand")
    shown = "#{pane_pipe}|#{@sidekick}|#{remain-on-exit}"
    before = lab.tmux("display-message", "-p", "-t", "=hand:", shown)
    found = runtime.unmarked("hand")
    runtime.adopt(found, lab.request("app", "r1"))
    assert before != lab.tmux("display-message", "-p", "-t", "=app:", shown)

    runtime.release(found, "r1")

    assert before == lab.tmux("display-message", "-p", "-t", "=app:", shown)


def test_another_program_in_the_same_pane_is_another_session(
    lab: Lab, runtime: TmuxRuntime
) -> None:
    """The pane's number is the same; the process is not the one that was looked at."""
    new(lab, "hand")
    found = runtime.unmarked("hand")
    lab.tmux("respawn-pane", "-k", "-t", "=hand:", "sleep 600")

    with pytest.raises(NotFound) as caught:
        runtime.adopt(found, lab.request("app", "r1"))

    assert caught.value.reason == "SessionChanged"
    assert runtime.unmarked("hand").pid != found.pid
    assert lab.tmux("list-sessions", "-F", "#{session_name}") == "hand"


def test_an_ended_session(lab: Lab, runtime: TmuxRuntime) -> None:
    """Its screen may stay where the person's own configuration says so."""
    new(lab, "other")
    lab.tmux("set-option", "-g", "remain-on-exit", "on")
    new(lab, "hand", "true")
    wait_for(lambda: lab.tmux("display-message", "-p", "-t", "=hand:", "#{pane_dead}") == "1")
    assert refusal(runtime, "hand").reason == "SessionEnded"


def test_all_windows_count(lab: Lab, runtime: TmuxRuntime) -> None:
    """The panes are told, so that the person knows which to close."""
    new(lab, "hand")
    lab.tmux("new-window", "-d", "-t", "=hand:", "sleep 600")
    said = refusal(runtime, "hand")
    assert said.reason == "SeveralPanes"
    assert "2 panes (%0, %1)" in said.message
    lab.tmux("kill-pane", "-t", "%1")
    assert runtime.unmarked("hand").name == "hand"


def test_a_pane_of_ours_beside_a_persons(lab: Lab, runtime: TmuxRuntime) -> None:
    """A session with one marked pane is ours, whatever else is in it."""
    assert runtime.start([lab.request("app", "r1")]) == {}
    lab.tmux("split-window", "-b", "-d", "-t", "=app:", "sleep 600")
    said = refusal(runtime, "app")
    assert said.reason == "SessionOurs"
    assert "r1" in said.message


def test_one_of_a_group(lab: Lab, runtime: TmuxRuntime) -> None:
    """People group sessions to watch from two places; the one that was named gets the name."""
    new(lab, "hand")
    lab.tmux("new-session", "-d", "-s", "view", "-t", "=hand")

    adopted(lab, runtime, "hand", lab.request("app", "r1"))

    assert sorted(lab.tmux("list-sessions", "-F", "#{session_name}").split("\n")) == [
        "app", "view",
    ]  # fmt: skip


@pytest.mark.parametrize("mark", ["{", "yes", '{"owner":"me"}', "a\x1fb\x1fc", "two\nlines"])
def test_a_mark_that_is_none(lab: Lab, runtime: TmuxRuntime, mark: str) -> None:
    """It is not ours, and the hint tells how to be rid of it."""
    new(lab, "hand")
    lab.tmux("set-option", "-p", "-t", "=hand:", "@sidekick", mark)
    said = refusal(runtime, "hand")
    assert said.reason == "SessionForeign"
    words = said.message.rpartition("tmux ")[2].split()

    lab.tmux(*words)

    assert runtime.unmarked("hand").name == "hand"


def test_where_it_works(lab: Lab, runtime: TmuxRuntime) -> None:
    """A folder's name may hold whatever names may hold."""
    folder = lab.folder / "a\n%0\x1fb #{pid} é"
    folder.mkdir()
    new(lab, "hand", folder=str(folder).replace("#", "##"))
    gone = lab.folder / "gone"
    gone.mkdir()
    new(lab, "lost", folder=str(gone))
    gone.rmdir()

    assert runtime.unmarked("hand").folder == str(folder)
    assert runtime.unmarked("lost").folder.startswith("/")


def test_what_runs_in_it() -> None:
    """The command line of a process, as much as is needed to know it by."""
    own = read_words(os.getpid())
    assert own[0].endswith(("python", "python3", "pytest")) or "python" in own[0]
    assert read_words(2**22 + 1) == ("?",)


def test_only_ids_of_this_runtime_are_taken() -> None:
    """An id from elsewhere is a defect, and never reaches tmux."""
    assert pane_of("$1%2@3.4") == "%2@3.4"
    for odd in ("%2@3.4", "$1%2@3.4 ", "$1;kill-server%2@3.4", ""):
        with pytest.raises(ValueError, match="id"):
            pane_of(odd)
