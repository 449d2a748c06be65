"""`sidekick adopt`: what a person began by hand becomes a project's session."""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller import adoption
from controller.adoption import adopt
from controller.app import App
from controller.assembly import build
from controller.core.digest import digest
from controller.core.errors import NotFound, TransientError
from controller.layout import LOCK
from controller.locks import held_by
from controller.runs.folders import RunFolders
from controller.runtimes.base import Runtime, RuntimeFault, StartRequest, UnmarkedSession
from controller.runtimes.tmux import TmuxRuntime
from controller.settings import load_settings
from tests.e2e.lab import SIDEKICK, Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'
ONE = f"One,1,Pending,,,{WORKS},,,,"
TWO = f"Two,2,Pending,,,{WORKS},,,,"
TREE = "sleep 1000 & sleep 1000 & read line; echo got $line; setsid sleep 1000 & wait"


@pytest.fixture(autouse=True)
def _nobody_watches_on(lab: Lab) -> Iterator[None]:
    """What watched over an adopted session is gone once that is."""
    yield
    lab.tmux("kill-server")
    try:
        wait_for("the end of all that watched", lambda: not watchers(lab))
    finally:
        for watcher, watched in watchers(lab).items():
            with suppress(OSError):
                for pid in (watcher, *below(watched)):
                    os.kill(pid, signal.SIGKILL)


def watchers(lab: Lab) -> dict[int, int]:
    """The processes that watch over adopted ones, and these."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                if b"--adopt" in words and words[-2].startswith(bytes(lab.root)):
                    found[int(entry.name)] = int(words[-1])
    return found


def below(pid: int) -> set[int]:
    """A process and all below it."""
    children = {pid}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            children |= below(int(child))
    return children


def begin(lab: Lab, name: str, script: str = "exec sleep 1000") -> int:
    """Begin a session by hand, with plain tmux; the pid in it."""
    said = lab.tmux(
        "new-session", "-d", "-P", "-F", "#{pane_pid}", "-s", name, "--", "sh", "-c", script
    )
    return int(said)


def marks(lab: Lab) -> dict[str, str]:
    """Session → its mark."""
    lines = lab.tmux("list-panes", "-a", "-F", "#{session_name}\t#{@sidekick}").splitlines()
    return dict(line.split("\t") for line in lines)


def runs(lab: Lab) -> list[str]:
    """The folders of runs."""
    return sorted(path.name for path in (lab.root / "runs").glob("*"))


def parts(lab: Lab) -> App:
    """The parts of a command in the lab's folder."""
    settings = load_settings(lab.root / "config.yaml", lab.environment)
    return build(settings, lab.environment, readonly=True)


def hand_over(lab: Lab, session: str, project: str) -> str:
    """Do as `sidekick adopt` does, but for waking the controller."""
    app = parts(lab)
    try:
        return adopt(app, session, project)
    finally:
        app.close()


@pytest.mark.slow
def test_a_session_of_a_queued_project(lab: Lab) -> None:
    """It takes its place at once, can be watched and told to end, and all of it ends."""
    lab.settle_in(ONE, TWO, slots=1)
    lab.start()
    lab.wait_status("One", "In Progress")
    lab.wait_reason("Two", "Capacity")
    pid = begin(lab, "mine", TREE)
    other = begin(lab, "other")
    wait_for("its tree", lambda: len(below(pid)) == 3)

    done = lab.sidekick("adopt", "mine", "Two", check=True)

    assert "Two has the session two now" in done.stdout
    assert f"sh -c {TREE}"[:40] in done.stdout
    assert f"process {pid}" in done.stdout
    assert done.stderr == ""
    row = lab.wait_status("Two", "In Progress")
    assert row["Agent"] == "sh"
    lab.wait_reason("Two", "Running")
    assert lab.sessions() == ["one", "other", "two"]
    assert pid in lab.agents().values()
    assert len(lab.agents()) == 2
    lab.tmux("send-keys", "-t", "=two:", "a word", "Enter")
    wait_for("its output", lambda: "got a word" in lab.sidekick("logs", "two").stdout)
    wait_for("its whole tree", lambda: len(below(pid)) == 4)
    tree = below(pid)

    lab.sidekick("stop", "two", check=True)

    wait_for("the end of all of it", lambda: not any(alive(process) for process in tree))
    row = lab.wait_reason("Two", "UserPaused")
    assert row["Status"] == "Paused"
    wait_for("nobody watches", lambda: not watchers(lab))
    assert alive(other)
    assert lab.sessions() == ["one", "other"]


@pytest.mark.slow
def test_in_demo_mode(lab: Lab) -> None:
    """The demo stands in for no agent that a person began: nothing is out of date."""
    lab.settle_in(ONE, demo=True)
    pid = begin(lab, "mine")
    lab.sidekick("adopt", "mine", "One", check=True)

    lab.start()

    row = lab.wait_reason("One", "Running")
    assert (row["Status"], row["Agent"]) == ("In Progress", "sh")
    assert list(lab.agents().values()) == [pid]


@pytest.mark.slow
def test_without_a_controller(lab: Lab) -> None:
    """The next one finds the session, starts none of its own, and goes on with it."""
    lab.settle_in(ONE)
    pid = begin(lab, "mine")

    done = lab.sidekick("adopt", "mine", "One", check=True)
    assert "no controller runs" in done.stderr
    lab.start()

    lab.wait_reason("One", "Running")
    assert list(lab.agents().values()) == [pid]
    assert lab.sessions() == ["one"]
    lab.edit("One", Next_Action="echo second; exec sleep 1000")
    wait_for("its end", lambda: not alive(pid))
    wait_for("an agent of our own", lambda: len(lab.agents()) == 1)
    wait_for("its output", lambda: "second" in lab.sidekick("logs", "One").stdout)
    assert lab.sessions() == ["one"]


@pytest.mark.slow
def test_a_controller_that_is_killed_in_between(lab: Lab) -> None:
    """Killed before, between and after: the session is the project's, and stays."""
    lab.settle_in(ONE, TWO, slots=1)
    lab.start()
    lab.wait_reason("Two", "Capacity")
    pid = begin(lab, "mine")
    lab.stop(signal.SIGKILL)
    hand_over(lab, "mine", "Two")
    lab.start()
    lab.wait_reason("Two", "Running")
    lab.stop(signal.SIGKILL)
    lab.start()
    lab.wait_reason("Two", "Running")
    assert pid in lab.agents().values()
    assert len(runs(lab)) == 2

    lab.stop(signal.SIGKILL)
    lab.sidekick("stop", "Two", check=True)
    assert alive(pid)
    lab.start()

    wait_for("its end", lambda: not alive(pid))
    lab.wait_reason("Two", "UserPaused")


def test_an_end_that_nobody_asked_for(lab: Lab) -> None:
    """Whether the work is done cannot be known, so the person is asked."""
    lab.settle_in(ONE, TWO, slots=1)
    lab.start()
    lab.wait_reason("Two", "Capacity")
    pid = begin(lab, "mine", "read line; echo bye")
    lab.sidekick("adopt", "mine", "Two", check=True)
    lab.wait_reason("Two", "Running")

    lab.tmux("send-keys", "-t", "=two:", "Enter")

    wait_for("its end", lambda: not alive(pid))
    row = lab.wait_status("Two", "Blocked")
    assert row["Reason"].startswith("ExitUnknown")
    assert "bye" in lab.sidekick("logs", "Two").stdout
    lab.edit("Two", Status="Pending")
    lab.wait_reason("Two", "Capacity")


@pytest.mark.slow
def test_the_controllers_own_session(lab: Lab) -> None:
    """Were it adopted, a stop of the project would end the controller."""
    lab.settle_in(ONE, TWO, slots=1)
    log = lab.root / "out.log"
    lab.environment["LOG"] = str(log)
    variables = [f"{name}={value}" for name, value in lab.environment.items()]
    words = ["env", "-C", str(lab.root), *variables, "sh", "-c", '"$0" run --plain >>"$LOG"; :']
    lab.tmux("new-session", "-d", "-s", "mine", "--", *words, str(SIDEKICK))
    try:
        lab.wait_reason("Two", "Capacity")
        with pytest.raises(NotFound, match="the controller itself runs in the session mine"):
            hand_over(lab, "mine", "Two")
        assert marks(lab)["mine"] == ""
    finally:
        holder = held_by(lab.root / "state" / LOCK)
        if holder:  # it outlives its session
            os.kill(holder.pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_session_in_the_way(lab: Lab) -> None:
    """One that bears the project's name keeps it from starting; adopted, it is its session."""
    pid = begin(lab, "one")
    lab.settle_in(ONE)
    lab.start()
    lab.wait_reason("One", "SessionNameTaken")

    lab.sidekick("adopt", "one", "One", check=True)

    lab.wait_reason("One", "Running")
    assert list(lab.agents().values()) == [pid]


@pytest.mark.slow
def test_the_screen_of_an_earlier_run_gives_way(lab: Lab) -> None:
    """An ended session holds the name as well."""
    lab.settle_in('One,1,Pending,,,"echo done",,,,')
    lab.start()
    lab.wait_status("One", "Completed")
    lab.edit("One", Status="Paused")
    lab.wait_reason("One", "UserPaused")
    pid = begin(lab, "mine")
    with pytest.raises(NotFound, match="type Pending"):
        hand_over(lab, "mine", "One")
    lab.stop(signal.SIGKILL)
    lab.edit("One", Status="Pending")

    hand_over(lab, "mine", "One")

    lab.start()
    lab.wait_reason("One", "Running")
    assert pid in lab.agents().values()
    assert list(marks(lab)) == ["one"]


@pytest.mark.slow
def test_refusals_change_nothing(lab: Lab) -> None:
    """Each says why; the session stays the person's, and no run is begun."""
    lab.settle_in(
        ONE,
        f"Two,x,Pending,,,{WORKS},,,,",
        f"Three,3,Paused,,,{WORKS},,,,",
        "Four,4,Pending,,,,,,,",
        f"Five,5,Pending,,,{WORKS},,,gpt-9,",
        f"Six,6,Completed,,,{WORKS},,,,",
        f"Same,7,Pending,,,{WORKS},,,,",
        f"Same,7,Pending,,,{WORKS},,,,",
    )
    lab.start()
    lab.wait_reason("One", "Running")
    wait_for("all are judged", lambda: lab.rows()["Five"]["Reason"])
    pid = begin(lab, "mine")
    begin(lab, "wide")
    lab.tmux("split-window", "-d", "-t", "=wide:", "sleep 1000")
    before = (runs(lab), marks(lab))

    def refused(session: str, project: str) -> str:
        with pytest.raises(NotFound) as caught:
            hand_over(lab, session, project)
        assert (runs(lab), marks(lab)) == before
        return caught.value.message

    said = lab.sidekick("adopt", "mine", "Nine")
    assert (said.returncode, said.stdout) == (1, "")
    assert "sidekick: no project 'Nine'" in said.stderr
    assert "may be" in refused("mine", "F")
    assert "has a session already, one" in refused("mine", "One")
    assert "must be mended first" in refused("mine", "Two")
    assert "1 (first) to 999" in refused("mine", "Two")
    assert "UserPaused" in refused("mine", "Three")
    assert "type Pending, adopt" in refused("mine", "Three")
    assert "NoNextAction" in refused("mine", "Four")
    assert "gpt-9" in refused("mine", "Five")
    assert "type Pending, adopt" in refused("mine", "Six")
    assert "the same name stands on line" in refused("mine", "Same")
    assert "no session 'min'" in refused("min", "One")
    assert "has 2 panes" in refused("wide", "One")
    assert "is a project's already" in refused("one", "Three")
    lab.sidekick("stop", "--all", check=True)
    before = (runs(lab), marks(lab))
    assert "resume --all" in refused("mine", "One")
    assert alive(pid)


@pytest.mark.slow
def test_the_list_cannot_be_read(lab: Lab) -> None:
    """That is no answer, and another exit code than a refusal."""
    lab.settle_in(ONE)
    begin(lab, "mine")
    lab.list.unlink()
    done = lab.sidekick("adopt", "mine", "One")
    assert done.returncode == 2
    assert str(lab.list.name) in done.stderr
    assert not runs(lab)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("session", "project", "shortened"),
    [
        ("my app v1.2: x; #{pid}", 'My "App"; `rm -rf ~` $(id) é', "my-"),
        ("%0 'quoted'", "-rf #{pid} %H", "-rf #"),
        ("--config", "漢字", "漢"),
    ],
)
def test_odd_names(lab: Lab, session: str, project: str, shortened: str) -> None:
    """Neither name is ever more than a name."""
    cell = '"' + project.replace('"', '""') + '"'
    lab.settle_in(f"{cell},1,Pending,,,{WORKS},,,,", ONE, slots=1)
    pid = begin(lab, session.replace("#", "##"))

    done = lab.sidekick("adopt", "--", session, shortened)

    assert done.returncode == 0, done.stderr
    dashes = "-- " if project.startswith("-") else ""
    assert f"sidekick attach {dashes}{shlex.quote(project)}" in done.stdout
    lab.start()
    lab.wait_reason(project, "Running")
    assert list(lab.agents().values()) == [pid]


@pytest.mark.slow
def test_twice_and_two_projects(lab: Lab) -> None:
    """One session is one project's, and one project has one session."""
    lab.settle_in(ONE, TWO)
    first, second = begin(lab, "first"), begin(lab, "second")
    hand_over(lab, "first", "One")

    for session, project in (("one", "One"), ("one", "Two")):
        with pytest.raises(NotFound, match="is a project's already"):
            hand_over(lab, session, project)
    with pytest.raises(NotFound, match="has a session already, one"):
        hand_over(lab, "second", "One")

    hand_over(lab, "second", "Two")
    lab.start()
    lab.wait_reason("One", "Running")
    lab.wait_reason("Two", "Running")
    assert sorted(lab.agents().values()) == sorted([first, second])


@pytest.mark.slow
def test_all_at_once(lab: Lab) -> None:
    """Whoever asks at the same time, also the controller: a project has one session."""
    lab.settle_in(ONE)
    pids = [begin(lab, f"hand{number}") for number in range(3)]
    asked = [
        subprocess.Popen(
            [SIDEKICK, "adopt", f"hand{number}", "One"], cwd=lab.root, env=lab.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(3)
    ]  # fmt: skip
    lab.start()
    codes = [process.wait(timeout=30) for process in asked]
    said = [process.communicate()[1] for process in asked]

    lab.wait_reason("One", "Running")
    assert set(codes) <= {0, 1}, said
    assert codes.count(0) <= 1, said
    assert len(lab.agents()) == 1
    assert len([mark for mark in marks(lab).values() if mark]) == 1
    assert all(alive(pid) for pid in pids)


@pytest.mark.slow
def test_a_lost_mark(lab: Lab) -> None:
    """The session is the same run's as before, with its conversation and its reports."""
    lab.settle_in(ONE, TWO)
    lab.start()
    lab.wait_reason("One", "Running")
    lab.wait_reason("Two", "Running")
    lab.stop(signal.SIGKILL)
    before = lab.agents()
    lab.tmux("set-option", "-pu", "-t", "=one:", "@sidekick")

    with pytest.raises(NotFound, match="the agent of One"):
        hand_over(lab, "one", "Two")
    assert "has its session one back" in hand_over(lab, "one", "One")

    lab.start()
    lab.wait_reason("One", "Running")
    assert before == lab.agents()
    assert not watchers(lab)
    assert all(marks(lab).values())


@pytest.mark.slow
def test_the_server_is_killed(lab: Lab) -> None:
    """Whatever of the session survives that is ended, and then the project goes on."""
    lab.settle_in(ONE, times={"tick": 1, "stop_grace": 1})
    begin(lab, "mine", "trap '' HUP TERM; while :; do sleep 1000; done")
    pid = int(lab.tmux("display-message", "-p", "-t", "=mine:", "#{pane_pid}"))
    hand_over(lab, "mine", "One")
    lab.start()
    lab.wait_reason("One", "Running")

    lab.tmux("kill-server")

    wait_for("the end of all of it", lambda: not alive(pid))
    wait_for("nobody watches", lambda: not watchers(lab))
    wait_for("an agent of our own", lambda: {*lab.agents().values()} - {pid})
    assert pid not in lab.agents().values()


@pytest.mark.slow
def test_what_watches_is_killed(lab: Lab) -> None:
    """The session works on and gets another that watches; it still ends when it is asked to."""
    lab.settle_in(ONE, times={"tick": 1, "stop_grace": 1})
    pid = begin(lab, "mine", TREE)
    hand_over(lab, "mine", "One")
    lab.start()
    lab.wait_reason("One", "Running")
    tree = below(pid)
    (watcher,) = watchers(lab)
    os.kill(watcher, signal.SIGKILL)
    wait_for("another", lambda: watchers(lab) and watcher not in watchers(lab))
    lab.sidekick("reconcile", check=True)
    assert len(watchers(lab)) == 1
    assert lab.rows()["One"]["Reason"].startswith("Running")
    assert all(alive(process) for process in tree)

    lab.edit("One", Status="Paused")

    wait_for("the end of all of it", lambda: not any(alive(process) for process in tree))
    lab.wait_reason("One", "UserPaused")


class Unsteady:
    """A runtime whose answer to an adoption is lost.

    Args:
        runtime: The real one.
        done: Whether it does what it was asked for.
    """

    def __init__(self, runtime: Runtime, *, done: bool) -> None:
        self._runtime = runtime
        self._done = done

    def __getattr__(self, name: str) -> object:
        return getattr(self._runtime, name)

    def adopt(self, session: UnmarkedSession, request: StartRequest) -> None:
        """Do it or not, and fail."""
        if self._done:
            self._runtime.adopt(session, request)
        raise RuntimeFault("TmuxTimeout", "The tmux server did not answer.")


@pytest.fixture
def app(lab: Lab) -> Iterator[App]:
    """The parts of a command in the lab's folder, which has one project."""
    lab.settle_in(ONE)
    app = parts(lab)
    yield app
    app.close()


@pytest.mark.slow
@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_is_lost(lab: Lab, app: App, done: bool) -> None:
    """The mark tells what became of it: a run with a session keeps its folder."""
    pid = begin(lab, "mine")
    runtime = cast("Runtime", Unsteady(app.runtime, done=done))
    with pytest.raises(RuntimeFault, match="did not answer"):
        adopt(replace(app, runtime=runtime), "mine", "One")

    assert [bool(mark) for mark in marks(lab).values()] == [done]
    assert len(runs(lab)) == done
    lab.start()
    lab.wait_reason("One", "Running")
    assert (pid in lab.agents().values()) is done
    assert len(lab.agents()) == 1


def test_nothing_that_watches(lab: Lab, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that nobody could end again is given back."""
    pid = begin(lab, "mine")
    owner = digest(str(app.runs.root))
    runtime = TmuxRuntime(
        lab.socket, owner=owner, shim=("/bin/false", "x"), environment=lab.environment,
        configuration=lab.root / "tmux.conf",
    )  # fmt: skip
    with monkeypatch.context() as hurried:
        hurried.setattr(adoption, "PATIENCE", 0.2)
        with pytest.raises(TransientError, match="nothing watches over it"):
            adopt(replace(app, runtime=runtime), "mine", "One")

    assert list(marks(lab).values()) == [""]
    assert not runs(lab)
    assert alive(pid)
    (name,) = lab.sessions()
    assert hand_over(lab, name, "One")


def test_a_refusal_of_what_should_watch(lab: Lab, app: App) -> None:
    """Its word is passed on, and the session is given back."""
    pid = begin(lab, "mine")
    create = app.runs.create

    def spoil(run: str, *rest: Any) -> Path:
        folder = create(run, *rest)
        (folder / "spec.json").write_text('{"version": 99}')
        return folder

    runs_ = cast("RunFolders", SimpleNamespace(**{
        name: getattr(app.runs, name) for name in ("root", "new_id", "discard", "look", "learn")
    }, create=spoil))  # fmt: skip
    with pytest.raises(TransientError, match="version 99"):
        adopt(replace(app, runs=runs_), "mine", "One")

    assert list(marks(lab).values()) == [""]
    assert not runs(lab)
    assert alive(pid)
