"""Isolation: two projects of one repository, each in its worktree, from the row to the figures."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, wait_for

pytestmark = pytest.mark.slow

IDENTITY = "-c user.name=a -c user.email=a@b.c"


def git(folder: Path, *arguments: str) -> str:
    """Run git as a user would."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(folder)},
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    return done.stdout.strip()


def shop(lab: Lab) -> Path:
    """The user's checkout, with a commit and an edit."""
    folder = lab.root / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "a.txt").write_text("one\n")
    git(folder, "add", ".")
    git(folder, *IDENTITY.split(), "commit", "--quiet", "-m", "first")
    (folder / "a.txt").write_text("mine\n")
    return folder


def test_two_projects_share_a_repository(lab: Lab) -> None:
    """Both run at once; each row, `describe` and the events tell its branch and its figures."""
    folder = shop(lab)
    work = f'"echo two >>a.txt; git {IDENTITY} commit -qam work; echo x >new; sleep 1"'
    lab.settle_in(
        f"Left,1,Pending,,,{work},,,,", f"Right,2,Pending,,,{work},,,,",
        projects={"Left": "shop", "Right": "shop"}, isolation="worktree",
    )  # fmt: skip
    lab.start()
    wait_for("both sessions", lambda: lab.sessions() == ["left", "right"])
    for name in ("Left", "Right"):
        branch = f"sidekick/{name.lower()}"
        row = lab.wait_status(name, "Completed")
        told = f"{branch}: 1 file, +1 -0, 1 commit, 1 untracked"
        assert told in row["Reason"]
        shown = lab.sidekick("describe", name, check=True).stdout
        assert f"Branch:       {branch}\n" in shown
        assert f"Work:         {told}\n" in shown
        assert "WorkKept" in shown
        assert git(folder, "show", f"{branch}:a.txt") == "one\ntwo"
    assert (folder / "a.txt").read_text() == "mine\n"
    assert git(folder, "status", "--short") == "M a.txt"
    assert git(folder, "symbolic-ref", "--short", "HEAD") == "main"


def test_a_killed_controller_makes_no_second_worktree(lab: Lab) -> None:
    """The next one goes on with the session, and a later start in the same worktree."""
    folder = shop(lab)
    lab.settle_in(
        'One,1,Pending,,,"echo x >>kept; sleep 1000",,,,',
        projects={"One": "shop"}, project_isolation={"One": "worktree"},
    )  # fmt: skip
    lab.start()
    wait_for("the agent", lambda: (lab.root / "workspaces" / "one" / "kept").exists())
    lab.controllers[-1].kill()
    lab.controllers[-1].wait(timeout=10)
    lab.start()
    assert len(lab.agents()) == 1
    lab.sidekick("restart", "One", check=True)
    kept = lab.root / "workspaces" / "one" / "kept"
    wait_for("the second run", lambda: kept.read_text() == "x\nx\n")
    assert len(git(folder, "worktree", "list").splitlines()) == 2
    assert git(folder, "branch", "--list", "sidekick/*", "--format=%(refname:short)") == (
        "sidekick/one"
    )


def test_a_folder_that_is_no_repository_says_so(lab: Lab) -> None:
    """The row waits with what to do, and goes on by itself once that was done."""
    (lab.root / "shop").mkdir()
    lab.settle_in(
        "One,1,Pending,,,true,,,,", projects={"One": "shop"}, isolation="worktree",
    )  # fmt: skip
    lab.start()
    row = lab.wait_reason("One", "NotARepository")
    assert row["Status"] == "Queued"
    assert "git init" in row["Reason"]
    assert list((lab.root / "shop").iterdir()) == []
