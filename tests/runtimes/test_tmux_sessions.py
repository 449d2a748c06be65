"""What a started session is: its words, its surroundings, its output, and who may watch it."""

import fcntl
import os
import pty
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from controller.core.errors import TerminalError
from controller.runtimes.base import StartRequest
from controller.runtimes.tmux import TmuxRuntime
from controller.runtimes.tmux_process import find_server
from controller.runtimes.tmux_server import PrivateServer
from tests.runtimes.lab import Lab, sessions_of, wait_for

ODD_FOLDERS = [
    "a b  c",
    'it\'s "quoted"',
    "#{pid}",
    "#[bold]##[x]###{pid}#(id)",
    "%H%%M%",
    "$HOME`id`$(id)\\n;",
    "; kill-server ;",
    "~é␞日本",
    "{a,b} *?[x] && | > <",
    "-x",
]


def logged(request: StartRequest, size: int) -> bytes:
    """What the run's log holds once it has so many bytes; the pipe's end writes it in its time."""
    log = request.folder / "output.log"
    wait_for(lambda: log.exists() and log.stat().st_size >= size)
    return log.read_bytes()


def test_any_folder_reaches_the_shim_and_the_log(lab: Lab, runtime: TmuxRuntime) -> None:
    """No character of a path means anything to tmux, its formats, strftime or the shell."""
    requests = [
        lab.request(
            f"app{number}", folder=folder, script='printf "here %s\\n" "$1"; touch "$1/seen"'
        )
        for number, folder in enumerate(ODD_FOLDERS)
    ]

    assert runtime.start(requests) == {}

    for request in requests:
        wait_for((request.folder / "seen").exists)
        assert f"here {request.folder}\r\n".encode() == logged(request, 1)


def test_a_folder_with_a_line_break_is_refused(lab: Lab, runtime: TmuxRuntime) -> None:
    """A line of a script cannot hold it."""
    with pytest.raises(ValueError, match="control characters"):
        runtime.start([lab.request("app", folder="a\nkill-server")])


def test_the_log_has_all_output_of_quick_agents(lab: Lab, runtime: TmuxRuntime) -> None:
    """The pipe is there before the first byte, and outlives the last.

    tmux itself loses what it has not read when a pane's process ends. So that waits, as the shim
    does, until its last word is in the log.
    """
    last = 'while ! tail -c 6 "$1/output.log" 2>/dev/null | grep -q 3000; do sleep 0.02; done'
    script = f"seq 1 3000; {last}; exit 7"
    requests = [lab.request(f"app{number}", script=script) for number in range(20)]
    expected = "".join(f"{number}\r\n" for number in range(1, 3001)).encode()

    assert runtime.start(requests) == {}

    wait_for(lambda: not any(session.alive for session in sessions_of(runtime)), 30)
    assert len(sessions_of(runtime)) == 20
    for request in requests:
        assert expected == logged(request, len(expected))
    assert runtime.screen(sessions_of(runtime)[0], 2) == "2999\n3000"


def test_a_headless_run_has_no_pipe(lab: Lab, runtime: TmuxRuntime) -> None:
    """Its shim writes the log, and nobody else may."""
    request = lab.request("app", script='echo hello; touch "$1/seen"', piped=False)
    runtime.start([request])
    wait_for((request.folder / "seen").exists)

    assert lab.tmux("display-message", "-p", "-t", "=app:", "#{pane_pipe}") == "0"
    assert not (request.folder / "output.log").exists()


def test_sessions_have_only_the_environment_they_were_given(
    lab: Lab, runtime: TmuxRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No secret of whoever starts the controller, or attaches, reaches an agent."""
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    request = lab.request("app", script='env >"$1/env"; : >"$1/seen"')
    runtime.start([request])
    wait_for((request.folder / "seen").exists)

    found = {line.split("=")[0] for line in (request.folder / "env").read_text().splitlines()}

    tmux_own = {"SHELL", "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE"}
    assert set(lab.environment) <= found
    assert found <= set(lab.environment) | tmux_own | {"PWD", "OLDPWD", "SHLVL", "_"}
    assert b"hunter2" not in Path(f"/proc/{lab.server_pid()}/environ").read_bytes()


def test_no_descriptor_of_ours_is_inherited(lab: Lab, runtime: TmuxRuntime) -> None:
    """A lock that the server kept would never be free again."""
    with (lab.folder / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        runtime.start([lab.request("app")])

    (session,) = sessions_of(runtime)
    for pid in (lab.server_pid(), session.pid):
        links = [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir()]
        assert lab.folder / "lock" not in links
    with (lab.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_users_own_configuration_is_not_read(lab: Lab, runtime: TmuxRuntime) -> None:
    """Ours holds whatever is in their home, and all of it is understood."""
    (lab.folder / ".tmux.conf").write_text("set -g @theirs yes\nset -g prefix C-a\n")
    runtime.start([lab.request("app")])

    assert lab.tmux("show-options", "-gqv", "@theirs") == ""
    assert lab.tmux("show-options", "-sv", "exit-empty") == "off"
    assert lab.tmux("show-options", "-gwv", "allow-rename") == "off"
    assert lab.tmux("show-options", "-gv", "update-environment") == ""
    assert lab.tmux("show-options", "-gv", "mouse") == "on"
    assert lab.tmux("display-message", "-p", "-t", "=app:", "#{pane_width}") == "200"
    done = subprocess.run(
        ("tmux", "-S", lab.socket, "source-file", lab.folder / "conf" / "tmux.conf"),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_sixty_sessions_cost_one_call(lab: Lab, runtime: TmuxRuntime) -> None:
    """One to start them, one to see them, one to remove them, however many they are."""
    runtime.start([lab.request("first")])
    requests = [lab.request(f"app{number}") for number in range(60)]
    lab.count_calls()

    assert runtime.start(requests) == {}
    assert lab.called() == 1
    sessions = sessions_of(runtime)
    assert lab.called() == 2
    runtime.remove(sessions)
    assert lab.called() == 3

    assert ["first", *(request.name for request in requests)] == [s.name for s in sessions]
    assert list(sessions_of(runtime)) == []


def test_removing_ends_what_runs(lab: Lab, runtime: TmuxRuntime) -> None:
    """The process gets a hang-up, as when a person closes a terminal."""
    runtime.start([lab.request("app")])
    (session,) = sessions_of(runtime)

    runtime.remove([session])

    wait_for(lambda: not Path(f"/proc/{session.pid}").exists())


def test_activity_is_the_time_of_the_last_output(lab: Lab, runtime: TmuxRuntime) -> None:
    """An idle agent can be told from a busy one."""
    runtime.start([lab.request("app", script="sleep 1.2; echo late")])
    (before,) = sessions_of(runtime)

    wait_for(lambda: sessions_of(runtime)[0].activity > before.activity)


def attach(runtime: TmuxRuntime, lab: Lab, name: str) -> tuple[subprocess.Popen[bytes], int]:
    """Attach as a person does, at a terminal."""
    ours, theirs = pty.openpty()
    argv = runtime.attach_argv(name)
    env = {**lab.environment, "TERM": "screen-256color"}
    client = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    return client, ours


def test_a_person_attaches_by_the_exact_name_and_is_told_how_to_leave(
    lab: Lab, runtime: TmuxRuntime
) -> None:
    """`app` is `app` though `app-2` is there, and the status line helps."""
    runtime.start([lab.request("app-2"), lab.request("app")])
    client, terminal = attach(runtime, lab, "app")
    shown = b""
    try:
        while b"C-b d detaches" not in shown:
            shown += os.read(terminal, 65536)
        assert lab.tmux("list-clients", "-F", "#{session_name}") == "app"
        os.write(terminal, b"\x02d")
        while b"detached" not in shown:
            shown += os.read(terminal, 65536)
        assert client.wait(5) == 0
    finally:
        client.kill()
        client.wait()
        os.close(terminal)
    assert all(session.alive for session in sessions_of(runtime))


def test_attaching_where_no_server_is_starts_none(lab: Lab, runtime: TmuxRuntime) -> None:
    """Theirs would run under the user's own configuration and environment."""
    client, terminal = attach(runtime, lab, "app")
    assert client.wait(5) == 1
    os.close(terminal)
    assert find_server(lab.socket) is None


def test_libtmux_objects_go_through_our_calls(lab: Lab, runtime: TmuxRuntime) -> None:
    """Its own objects have the deadline, and never start a server."""
    server = PrivateServer(lab.socket, deadline=5, environment=lab.environment)
    assert not server.is_alive()
    runtime.start([lab.request("app")])

    assert server.is_alive()
    assert server.has_session("app")
    assert not server.has_session("ap")
    server.kill_session("=app")
    assert list(sessions_of(runtime)) == []


def test_a_runtime_is_told_its_faults_at_once(lab: Lab) -> None:
    """A wrong socket, owner or shim is no matter of a later tick."""

    def make(socket: Path = lab.socket, owner: str = "me", shim: Sequence[str] = ("sh",)) -> None:
        TmuxRuntime(
            socket, owner=owner, shim=shim, environment={}, configuration=lab.folder / "conf"
        )

    with pytest.raises(TerminalError, match="107"):
        make(socket=Path("/" + "x" * 107))
    with pytest.raises(ValueError, match="owner"):
        make(owner='"')
    with pytest.raises(ValueError, match="shim"):
        make(shim=())
    with pytest.raises(ValueError, match="control"):
        make(shim=("a\n",))


@pytest.mark.parametrize("name", ["a b", "$HOME", "it's", "x;y", "*", "-d", "#x", "ü", "=app"])
def test_a_person_attaches_whatever_the_name(lab: Lab, runtime: TmuxRuntime, name: str) -> None:
    """A session that somebody renamed can be reached all the same."""
    runtime.start([lab.request("app")])
    lab.tmux("rename-session", "-t", "=app", "--", name)
    (session,) = sessions_of(runtime)
    if name.startswith("$") and not lab.tmux("list-panes", "-s", "-t", f"={session.name}"):
        pytest.skip("this tmux takes every target that begins with $ for an id")
    client, terminal = attach(runtime, lab, session.name)
    try:
        wait_for(lambda: lab.tmux("list-clients", "-F", "#{session_name}") == session.name)
    finally:
        client.kill()
        client.wait(5)
        os.close(terminal)


def test_a_persons_pane_on_a_run_is_not_cleared(lab: Lab, runtime: TmuxRuntime) -> None:
    """It has the run's folder in its command line, and is no session of the run's."""
    request = lab.request("app")
    runtime.start([request])
    lab.tmux("new-session", "-d", "-s", "look", "--", "sh", "-c", "sleep 600", str(request.folder))
    runtime.clear([request.run])
    assert lab.tmux("list-sessions", "-F", "#{session_name}").split() == ["app", "look"]
