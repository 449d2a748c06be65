"""Servers that are gone, lost, stopped, forbidden or no tmux at all."""

import os
import resource
import shutil
import signal
import time
from pathlib import Path

import pytest

from controller.core.observed import NoServer, Sessions, Unknown
from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux import TmuxRuntime
from controller.runtimes.tmux_process import find_server, recall_server
from controller.runtimes.tmux_server import ServerExited
from tests.runtimes.lab import Lab, sessions_of, wait_for


def unknown(runtime: TmuxRuntime) -> Unknown:
    """The answer of an observation that must fail."""
    observed = runtime.observe()
    assert isinstance(observed, Unknown), observed
    return observed


def test_a_missing_tmux_is_said_with_its_cure(lab: Lab) -> None:
    """Nobody can start anything without the program: no session is "definitely absent"."""
    lab.environment["PATH"] = str(lab.bin)
    runtime = lab.runtime()

    assert unknown(runtime).reason == "TmuxMissing"
    assert "install tmux" in unknown(runtime).message
    with pytest.raises(RuntimeFault, match="install tmux"):
        runtime.start([lab.request("app")])


@pytest.mark.parametrize(
    "script",
    ["echo hello", "true", "exit 1", "echo oops >&2; exit 1", "kill -9 $$", "echo 1.2; exit 3"],
)
def test_nonsense_is_unknown(lab: Lab, script: str) -> None:
    """An answer that is not certainly a whole listing permits no action."""
    lab.fake_tmux(script)

    assert unknown(lab.runtime()).reason == "TmuxFailed"


def test_a_socket_of_somebody_else_is_unknown(lab: Lab, runtime: TmuxRuntime) -> None:
    """Forbidden is not absent: their server may hold our sessions."""
    runtime.start([lab.request("app")])
    if os.getuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("nothing is forbidden to root, and setpriv is missing")
        lab.folder.chmod(0o711)
        path = os.environ["PATH"]
        lab.fake_tmux(f'PATH={path}; exec setpriv --reuid 65534 --clear-groups tmux "$@"')
    else:
        lab.socket.chmod(0)

    assert unknown(lab.runtime()).reason == "SocketPermission"


def test_a_stopped_server_answers_unknown_in_time(lab: Lab) -> None:
    """Every call has the deadline; what timed out is not carried out later."""
    runtime = lab.runtime(deadline=0.4)
    lab.runtime().start([lab.request("app")])
    (session,) = sessions_of(lab.runtime())
    os.kill(lab.server_pid(), signal.SIGSTOP)
    began = time.monotonic()

    assert unknown(runtime).reason == "TmuxTimeout"
    for call in (
        lambda: runtime.start([lab.request("late")]),
        lambda: runtime.remove([session]),
        lambda: runtime.screen(session, 5),
    ):
        with pytest.raises(RuntimeFault) as caught:
            call()
        assert caught.value.reason == "TmuxTimeout"

    assert time.monotonic() - began < 4 * 0.4 + 1
    os.kill(lab.server_pid(), signal.SIGCONT)
    time.sleep(0.3)
    assert [session] == list(sessions_of(lab.runtime()))


def test_a_killed_server_leaves_a_stale_socket_that_is_no_server(
    lab: Lab, runtime: TmuxRuntime
) -> None:
    """A socket without a listener is no reason to wait."""
    runtime.start([lab.request("app")])
    os.kill(lab.server_pid(), signal.SIGKILL)
    wait_for(lambda: not lab.pids())
    assert lab.socket.is_socket()

    assert NoServer() == runtime.observe()
    assert runtime.start([lab.request("app")]) == {}
    assert [session.name for session in sessions_of(runtime)] == ["app"]


def test_starting_right_after_the_server_was_told_to_end(lab: Lab, runtime: TmuxRuntime) -> None:
    """The old server is waited for, so that the new sessions are never in the dying one."""

    def start(number: int) -> bool:
        try:
            return runtime.start([lab.request("app", f"r{number}")]) == {}
        except ServerExited:
            return False  # it went while we spoke: the runtime cannot know what it still did

    for number in range(5):
        wait_for(lambda number=number: start(number))  # type: ignore[misc]
        assert [f"r{number}"] == [session.run for session in sessions_of(runtime)]
        lab.tmux("kill-server")
    assert NoServer() == runtime.observe()


def test_a_start_that_the_servers_end_cut_off_is_not_repeated(lab: Lab) -> None:
    """Its first processes may be ending still: never two of one run."""
    lab.fake_tmux(f'echo x >>{lab.calls}; echo "server exited unexpectedly" >&2; exit 1')

    with pytest.raises(ServerExited):
        lab.runtime().start([lab.request("app")])

    assert lab.called() == 1


def test_a_deleted_socket_is_made_again(lab: Lab, runtime: TmuxRuntime) -> None:
    """A cleaner of /tmp must not make every session look gone, nor lead to a second server."""
    runtime.start([lab.request("app")])
    before = runtime.observe()
    pid = lab.server_pid()

    lab.socket.unlink()
    assert before == runtime.observe()
    lab.socket.unlink()
    assert runtime.start([lab.request("other")]) == {}

    after = runtime.observe()
    assert isinstance(before, Sessions)
    assert isinstance(after, Sessions)
    assert before.server == after.server
    assert {"app", "other"} == {session.name for session in after.sessions}
    assert pid == lab.server_pid()


@pytest.mark.slow
def test_a_server_that_cannot_come_back_is_unknown(lab: Lab, runtime: TmuxRuntime) -> None:
    """Its sessions still run: it is not absent, and no second one is started."""
    runtime.start([lab.request("app")])
    pid = lab.server_pid()
    os.kill(pid, signal.SIGSTOP)
    lab.socket.unlink()

    answer = unknown(runtime)
    with pytest.raises(RuntimeFault):
        runtime.start([lab.request("other")])

    assert answer.reason == "SocketLost"
    assert str(pid) in answer.message
    os.kill(pid, signal.SIGCONT)
    wait_for(lab.socket.exists)
    assert [session.name for session in sessions_of(runtime)] == ["app"]


def test_the_folder_of_the_socket_is_made_again(lab: Lab) -> None:
    """A login session's end takes the whole runtime folder away."""
    lab.socket = lab.folder / "run" / "s"
    runtime = lab.runtime()
    runtime.start([lab.request("app")])
    assert lab.socket.parent.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(lab.socket.parent)

    assert [session.name for session in sessions_of(runtime)] == ["app"]


def test_no_server_is_found_where_there_is_none(tmp_path: Path) -> None:
    """Other people's servers on other sockets are not ours to call."""
    assert find_server(tmp_path / "s") is None
    assert not recall_server(tmp_path / "s")


def test_a_file_in_the_place_of_the_socket_is_kept(lab: Lab, runtime: TmuxRuntime) -> None:
    """Tmux itself would delete it."""
    lab.socket.write_text("precious")

    with pytest.raises(RuntimeFault, match="is no socket") as caught:
        runtime.start([lab.request("app")])

    assert caught.value.reason == "ServerStartFailed"
    assert lab.socket.read_text() == "precious"


def test_a_server_that_does_not_start_is_a_fault(lab: Lab) -> None:
    """The configuration's folder cannot be made, or tmux has its own reasons."""
    (lab.folder / "conf").write_text("no folder")
    with pytest.raises(RuntimeFault) as caught:
        lab.runtime().start([lab.request("app")])
    assert caught.value.reason == "ServerStartFailed"

    (lab.folder / "conf").unlink()
    lab.fake_tmux('[ "$2" = -N ] && echo "no server running on x" >&2 || echo no pty >&2; exit 1')
    with pytest.raises(RuntimeFault, match="no pty"):
        lab.runtime().start([lab.request("app")])


def test_no_more_sessions_than_the_server_has_files_for(lab: Lab, runtime: TmuxRuntime) -> None:
    """At its limit a tmux server hangs for good, so what does not fit is not started."""
    runtime.start([lab.request("first")])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(lab.server_pid(), resource.RLIMIT_NOFILE, (90, hard))
    requests = [lab.request(f"app{number}") for number in range(30)]

    faults = runtime.start(requests)

    started = len(sessions_of(runtime)) - 1
    assert 1 <= started <= 13
    assert started + len(faults) == 30
    assert {"TooManyOpenFiles"} == {fault.reason for fault in faults.values()}
    assert {"TooManyOpenFiles"} == {fault.reason for fault in runtime.start(requests[-1:]).values()}
