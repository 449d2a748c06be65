"""A run that cannot begin says why: in its record, and in its pane."""

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.shim.world import PROGRAM, Run, Tmux


def refused(run: Run) -> tuple[dict[str, Any], int, str]:
    """Run to the refusal: its record, the exit status, what the pane shows."""
    run.put("env", '{"KEY": "hush"}')
    shim = run.spawn(stderr=subprocess.PIPE)
    shown = shim.communicate(timeout=10)[1].decode()
    record = run.exit()
    assert record["cause"] == "start"
    assert (record["status"], record["signal"], record["started_at"]) == (None, None, None)
    assert record["message"] in shown
    assert "Traceback" not in shown
    assert run.read("started.json") is None
    assert not (run.folder / "env").exists()
    return record, shim.returncode, record["message"]


def test_folder_missing(run: Run) -> None:
    """A folder that does not exist is named, with what to do."""
    run.specify("true", folder="/does/not/exist")
    record, code, message = refused(run)
    assert (record["reason"], code) == ("FolderMissing", 125)
    assert "/does/not/exist" in message
    assert "Create it" in message


def test_folder_is_a_file(run: Run) -> None:
    """A file in the folder's place is no folder."""
    run.specify("true", folder=str(run.folder / "spec.json"))
    assert refused(run)[0]["reason"] == "FolderMissing"


def test_program_missing_on_path(run: Run) -> None:
    """A program that is not on the agent's own PATH is named together with the PATH."""
    run.specify("sh")
    run.put("spec.json", (run.folder / "spec.json").read_text())
    run.put("env", "{}")
    shim = subprocess.run(
        [*PROGRAM, str(run.folder)],
        env={"PATH": "/nowhere:/else"},
        capture_output=True,
        check=False,
    )
    record = run.exit()
    assert (record["reason"], shim.returncode) == ("ProgramMissing", 127)
    assert "/nowhere:/else" in record["message"]


def test_program_missing_by_path(run: Run) -> None:
    """A path is relative to the agent's folder."""
    run.specify("./agent")
    record, code, message = refused(run)
    assert (record["reason"], code) == ("ProgramMissing", 127)
    assert f"{run.work}/./agent" in message


@pytest.mark.parametrize("folder", [False, True])
def test_program_not_executable(run: Run, folder: bool) -> None:
    """A file without the right, and a folder, are no programs."""
    place = run.work / "agent"
    place.mkdir() if folder else place.write_text("#!/bin/sh\n")
    run.specify("./agent")
    record, code, message = refused(run)
    assert (record["reason"], code) == ("ProgramNotExecutable", 126)
    assert ("chmod" in message) is not folder


@pytest.mark.parametrize(
    ("content", "argument", "words"),
    [
        ("no script\n", "", "#! line"),
        ("#!/no/interpreter\n", "", "interpreter"),
        ("#!/bin/sh\n", "x" * 200_000, "too long"),
    ],
)
def test_exec_failed(run: Run, content: str, argument: str, words: str) -> None:
    """What the kernel will not execute is explained, not numbered."""
    place = run.work / "agent"
    place.write_text(content)
    place.chmod(0o755)
    run.specify("./agent", argument)
    record, code, message = refused(run)
    assert (record["reason"], code) == ("ExecFailed", 126)
    assert words in message


def test_not_on_path_but_not_executable_first(run: Run) -> None:
    """The search goes on after a file without the right, as execvp(3) does."""
    place = run.work / "sh"
    place.write_text("")
    run.specify("sh", "-c", "exit 4")
    run.put("env", f'{{"PATH": "{run.work}:/usr/bin:/bin"}}')
    assert run.complete()["status"] == 4


@pytest.mark.parametrize("text", ["{", '{"version": 1}', None])
def test_broken_spec(run: Run, text: str | None) -> None:
    """A broken or missing specification leaves a record, and no secret on the disk."""
    if text is not None:
        run.put("spec.json", text)
    record, code, _ = refused(run)
    assert (record["reason"], code) == ("SpecInvalid", 125)


def test_other_version(run: Run) -> None:
    """Another version is refused with both versions in the message."""
    run.specify("true", version=7)
    record, _, message = refused(run)
    assert record["reason"] == "SpecVersion"
    assert "version 7" in message
    assert "version 1" in message


def test_broken_env(run: Run) -> None:
    """A broken `env` is deleted all the same, and not quoted."""
    run.specify("true")
    run.put("env", '{"KEY": "hush')
    record = run.complete()
    assert record["reason"] == "SpecInvalid"
    assert "hush" not in record["message"]
    assert not (run.folder / "env").exists()


def test_prompt_missing(run: Run) -> None:
    """A prompt that the specification promises and nobody wrote is no empty prompt."""
    run.specify("cat", stdin="prompt")
    assert refused(run)[0]["reason"] == "SpecInvalid"


def test_shown_in_the_pane(run: Run, tmux: Tmux) -> None:
    """Who attaches to the session reads why, without a traceback; the pane has the status."""
    run.specify("claude-not-here", mode="interactive")
    tmux.start(run)
    assert tmux.ended() == "127"
    assert "sidekick: The program claude-not-here is not on" in tmux.screen()
    assert "Traceback" not in tmux.screen()


def test_run_folder_missing(tmp_path: Path) -> None:
    """Without a run's folder there is nobody to tell but the pane."""
    done = subprocess.run([*PROGRAM, f"{tmp_path}/gone"], capture_output=True, check=False)
    assert done.returncode == 125
    assert b"gone cannot be opened" in done.stderr
    assert b"Traceback" not in done.stderr


def test_started_once(run: Run) -> None:
    """A run that has ended is not run again, and its records stay as they are."""
    run.shell(f"echo x >>{run.folder}/count")
    run.complete()
    before = (run.folder / "exit.json").read_bytes()
    assert run.spawn().wait(10) == 125
    assert (run.folder / "count").read_text() == "x\n"
    assert (run.folder / "exit.json").read_bytes() == before


def test_files_are_private(run: Run) -> None:
    """Everything that the shim writes is 0600, whatever the umask."""
    run.shell("echo hello")
    run.complete(umask=0)
    for name in ("started.json", "exit.json", "output.log"):
        assert stat.S_IMODE((run.folder / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "exit.json",
        "output.log",
        "spec.json",
        "started.json",
    ]
