"""Whose a pane is: only our mark counts, whatever people do to sessions, names and marks."""

import json

import libtmux
import pytest

from controller.core.observed import Sessions
from controller.runtimes.tmux import TmuxRuntime
from tests.runtimes.lab import Lab, sessions_of, wait_for

GARBAGE = [
    "{",
    "[]",
    "null",
    '"me"',
    '{"owner":"me"}',
    '{"owner":"me","run":7}',
    '{"owner":["me"],"run":"r1"}',
    '{"owner":"me","run":"../r1"}',
    '{"owner":"me","run":""}',
    '{"owner":"me","run":"r\x1f1"}',
    "one\x1ftwo\x1fthree",
    "first line\nsecond line",
    "#{pane_id}",
    "[" * 9000,
    "9" * 9000,
]


@pytest.fixture
def both(lab: Lab, runtime: TmuxRuntime) -> TmuxRuntime:
    """Two sessions run: `app` and `app-2`."""
    assert runtime.start([lab.request("app"), lab.request("app-2")]) == {}
    return runtime


def names(runtime: TmuxRuntime) -> list[str]:
    """The names of our sessions, in order."""
    return [session.name for session in sessions_of(runtime)]


def test_a_mark_never_lands_on_a_foreign_session_of_the_same_name(
    lab: Lab, both: TmuxRuntime
) -> None:
    """All that belongs to a refused start is refused: the mark, the log, the options."""
    lab.tmux("new-session", "-d", "-s", "web", "sleep 600")

    faults = both.start([lab.request("web"), lab.request("other")])

    fault = faults["run-web"]
    assert names(both) == ["app", "app-2", "other"]
    assert fault.reason == "SessionNameTaken"
    assert "not started by CTO Sidekick" in fault.message
    assert f"tmux -u -N -S {lab.socket} kill-session -t =web" in fault.message
    foreign = "#{pane_pipe}|#{@sidekick}|#{remain-on-exit}"
    assert lab.tmux("display-message", "-p", "-t", "=web:", foreign) == "0||off"
    assert not (lab.folder / "runs" / "run-web" / "output.log").exists()


def test_a_fault_says_whose_session_has_the_name(lab: Lab, both: TmuxRuntime) -> None:
    """Our own older run is told from another controller's session."""
    other = lab.runtime(owner="other@host:/state")
    assert other.start([lab.request("web", "theirs")]) == {}

    faults = both.start([lab.request("app", "new"), lab.request("web", "mine")])

    assert "still holds the run run-app" in faults["new"].message
    assert "another controller (other@host:/state)" in faults["mine"].message


def test_another_owners_session_is_theirs_alone(lab: Lab, both: TmuxRuntime) -> None:
    """The same run id under another owner is neither listed nor removed."""
    other = lab.runtime(owner="other")
    assert other.start([lab.request("web", "run-x")]) == {}
    (theirs,) = sessions_of(other)

    both.remove([theirs])

    assert [theirs] == list(sessions_of(other))
    assert names(both) == ["app", "app-2"]


def test_garbage_in_marks_costs_only_itself(lab: Lab, both: TmuxRuntime) -> None:
    """A mark that we would not write is not ours, and never hides the others."""
    before = sessions_of(both)
    for number, mark in enumerate(GARBAGE):
        target = f"=x{number}:"
        lab.tmux("new-session", "-d", "-s", f"x{number}", "sleep 600")
        lab.tmux("set-option", "-p", "-t", target, "@sidekick", mark)
        assert lab.tmux("show-options", "-pv", "-t", target, "@sidekick")

    assert before == sessions_of(both)


def test_a_removed_mark_makes_a_session_the_users(lab: Lab, both: TmuxRuntime) -> None:
    """It is not seen, and a removal that was decided before does not touch it."""
    before = sessions_of(both)
    lab.tmux("set-option", "-pu", "-t", "=app:", "@sidekick")

    both.remove(before)

    assert names(both) == []
    assert lab.tmux("list-sessions", "-F", "#{session_name}") == "app"


def test_a_pane_that_became_another_runs_is_left_alone(lab: Lab, both: TmuxRuntime) -> None:
    """A removal is of a run, not of whatever is in the pane by now."""
    before = sessions_of(both)
    mark = json.dumps({"owner": "me", "run": "run-app2"}, separators=(",", ":"))
    lab.tmux("set-option", "-p", "-t", "=app:", "@sidekick", mark)

    both.remove(before)

    assert [session.run for session in sessions_of(both)] == ["run-app2"]


def test_a_later_versions_mark_is_still_ours(lab: Lab, both: TmuxRuntime) -> None:
    """Words that we do not know are left to those who do."""
    mark = json.dumps({"version": 2, "run": "run-app", "owner": "me"})
    lab.tmux("set-option", "-p", "-t", "=app:", "@sidekick", mark)

    assert names(both) == ["app", "app-2"]
    both.remove(sessions_of(both)[:1])
    assert names(both) == ["app-2"]


def test_names_that_begin_alike_are_not_confused(lab: Lab, both: TmuxRuntime) -> None:
    """A bare `-t app` would mean `app-2` once `app` is gone."""
    first = sessions_of(both)[0]
    both.remove([first])
    both.remove([first])
    assert names(both) == ["app-2"]

    assert both.start([lab.request("app", "again"), lab.request("ap")]) == {}
    assert names(both) == ["app-2", "app", "ap"]


def test_a_users_pane_in_our_session_stays(lab: Lab, both: TmuxRuntime) -> None:
    """A split has no mark; the session is listed once, and its removal takes our pane only."""
    lab.tmux("split-window", "-d", "-t", "=app:", "sleep 600")
    assert names(both) == ["app", "app-2"]

    both.remove(sessions_of(both)[:1])

    assert names(both) == ["app-2"]
    assert lab.tmux("list-panes", "-t", "=app:", "-F", "#{window_panes}") == "1"
    fault = both.start([lab.request("app", "again")])["again"]
    assert "holds a pane that somebody opened" in fault.message


def test_a_users_own_pane_closes_when_its_shell_ends(lab: Lab, both: TmuxRuntime) -> None:
    """Only our pane stays on the screen after its end."""
    lab.tmux("split-window", "-d", "-t", "=app:", "true")
    wait_for(lambda: lab.tmux("list-panes", "-t", "=app:", "-F", "x") == "x")
    assert names(both) == ["app", "app-2"]


def test_a_session_seen_twice_is_one(lab: Lab, both: TmuxRuntime) -> None:
    """People group sessions and link windows to watch from two places."""
    lab.tmux("new-session", "-d", "-s", "aaa-view", "-t", "=app")
    lab.tmux("new-session", "-d", "-s", "board", "sleep 600")
    lab.tmux("link-window", "-d", "-s", "=app-2:", "-t", "=board:5")

    assert names(both) == ["app", "app-2"]
    both.remove(sessions_of(both))
    assert names(both) == []


def test_a_renamed_session_is_still_known(lab: Lab, both: TmuxRuntime) -> None:
    """Identity is the mark; the name is what to attach to now."""
    lab.tmux("rename-session", "-t", "=app", "my own: name.é")

    assert names(both) == ["my own_ name_é", "app-2"]
    both.remove(sessions_of(both)[:1])
    assert names(both) == ["app-2"]


def test_what_an_agent_prints_cannot_break_the_listing(lab: Lab, runtime: TmuxRuntime) -> None:
    """Titles, window names and bells are the agent's; none of them is a field of a row."""
    evil = r"printf '\033]2;a\037b\036c␞d\ne\007\033kx\037y\033\\\007\033[8;1;1t\377\376'"
    assert runtime.start([lab.request("app", script=evil), lab.request("calm")]) == {}
    wait_for(lambda: "a" in lab.tmux("display-message", "-p", "-t", "=app:", "#{pane_title}"))

    assert names(runtime) == ["app", "calm"]
    assert lab.tmux("display-message", "-p", "-t", "=app:", "#{window_name}") == "agent"


def test_a_server_that_a_person_started_is_as_good(lab: Lab, session: libtmux.Session) -> None:
    """Sessions behave the same under a configuration that is not ours; theirs stay theirs."""
    socket = session.server.cmd("display-message", "-p", "#{socket_path}").stdout[0]
    lab.socket = type(lab.socket)(socket)
    runtime = lab.runtime()
    before = len(session.server.sessions)
    observed = runtime.observe()
    assert isinstance(observed, Sessions)
    assert observed.sessions == ()

    assert runtime.start([lab.request("app", script="echo bye; exit 3")]) == {}
    wait_for(lambda: not sessions_of(runtime)[0].alive)
    assert "bye" in runtime.screen(sessions_of(runtime)[0], 100)

    runtime.remove(sessions_of(runtime))
    assert before == len(session.server.sessions)
