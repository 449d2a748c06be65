"""A run's worktree: made before the agent begins, gone on in, measured after its end."""

import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.shim.world import PROGRAM, Run, alive, wait_for

BRANCH = "sidekick/one"
DRIVERS = ("clean", "smudge", "process")


def git(folder: Path, *arguments: str) -> str:
    """Run git as a user would."""
    who = {f"GIT_{kind}_{what}": "me@here" for kind in ("AUTHOR", "COMMITTER") for what in _WHO}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    return done.stdout.strip()


_WHO = ("NAME", "EMAIL")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and an edit of the user's that is not committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "a.txt").write_text("one\ntwo\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    (folder / "a.txt").write_text("the user's own\n")
    return folder


def tree(run: Run) -> Path:
    """Where the worktree is to be."""
    return run.folder.parent / "trees" / "one"


def specify(run: Run, repository: Path, script: str = "true", **more: Any) -> Path:
    """A run of a script in a worktree."""
    tree(run).parent.mkdir(exist_ok=True)
    wanted = {"repository": str(repository), "branch": BRANCH, "fresh": True} | more
    run.shell(script, folder=str(tree(run)), worktree=wanted)
    return tree(run)


def again(run: Run) -> None:
    """The next run has a folder of its own; this one's is cleared for it."""
    shutil.rmtree(run.folder)
    run.folder.mkdir(mode=0o700)


def state(repository: Path) -> tuple[str, str, bytes, int]:
    """All of the user's checkout that a person could miss."""
    index = repository / ".git" / "index"
    return (
        git(repository, "rev-parse", "HEAD"),
        (repository / "a.txt").read_text(),
        index.read_bytes(),
        index.stat().st_mtime_ns,
    )


COMMIT = (
    "echo three >>a.txt; echo new >b.txt; git add b.txt; "
    "git -c user.name=a -c user.email=a@b commit -qm work"
)


def test_the_agent_works_on_a_branch_of_its_own(run: Run, repository: Path) -> None:
    """The user's checkout and index stay as they are; the figures tell what there is to take."""
    before = state(repository)
    place = specify(run, repository, f"{COMMIT}; echo open >c.txt; rm a.txt")
    assert run.complete()["status"] == 0
    assert state(repository) == before
    assert git(place, "symbolic-ref", "--short", "HEAD") == BRANCH
    work = run.read("work.json")
    assert (work["branch"], work["base"]) == (BRANCH, before[0])
    assert [work[name] for name in ("files", "added", "removed", "commits")] == [2, 1, 2, 1]
    assert (work["changed"], work["untracked"]) == (1, 1)
    assert work["status"] == [" D a.txt", "?? c.txt"]


@pytest.mark.slow
def test_the_next_run_goes_on_in_the_same_worktree(run: Run, repository: Path) -> None:
    """What the first one left is there, committed or not."""
    specify(run, repository, f"{COMMIT}; echo open >c.txt")
    run.complete()
    again(run)
    specify(run, repository, "cat a.txt b.txt c.txt", fresh=False)
    assert run.complete()["status"] == 0
    assert run.log().split() == ["one", "two", "three", "new", "open"]
    assert len(git(repository, "worktree", "list").splitlines()) == 2


@pytest.mark.slow
def test_new_work_begins_where_the_user_is(run: Run, repository: Path) -> None:
    """Once all of the old is merged; open work keeps the branch where it is, nothing is lost."""
    place = specify(run, repository, COMMIT)
    run.complete()
    git(repository, "checkout", "--quiet", "a.txt")
    git(place, "checkout", "--quiet", "a.txt")
    git(repository, "merge", "--quiet", BRANCH)
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "later")
    (place / "open.txt").write_text("x")
    for open_files, commit in ((True, BRANCH), (False, "main")):
        expected = git(repository, "rev-parse", commit)
        if not open_files:
            (place / "open.txt").unlink()
        again(run)
        specify(run, repository)
        run.complete()
        assert git(place, "rev-parse", "HEAD") == expected


@pytest.mark.parametrize("left", ["branch", "registered", "emptied", "half", "half, folder gone"])
@pytest.mark.slow
def test_a_start_that_was_cut_off_makes_no_second_one(
    run: Run, repository: Path, left: str
) -> None:
    """Whatever a death left, or a hand deleted, the next start has the one worktree and branch."""
    place = specify(run, repository, "cat a.txt")
    if left == "branch":
        git(repository, "branch", BRANCH)
    else:
        git(repository, "worktree", "add", "--quiet", "-b", BRANCH, str(place))
    if left.startswith("half"):
        (repository / ".git" / "worktrees" / "one" / "locked").write_text("initializing\n")
        (repository / ".git" / "worktrees" / "one" / "index").unlink()
        (place / "a.txt").unlink()
    if left in {"registered", "emptied", "half, folder gone"}:
        shutil.rmtree(place)
    if left == "emptied":
        place.mkdir()
    assert run.complete()["status"] == 0
    assert run.log() == "one\ntwo\n"
    assert len(git(repository, "worktree", "list").splitlines()) == 2
    assert git(repository, "branch", "--list", "sidekick/*", "--format=%(refname:short)") == BRANCH


@pytest.mark.slow
def test_a_detached_head_is_a_place_to_begin(run: Run, repository: Path) -> None:
    """The branch begins at the commit that the user looks at."""
    git(repository, "stash", "--quiet")
    git(repository, "checkout", "--quiet", "--detach")
    place = specify(run, repository)
    assert run.complete()["status"] == 0
    assert git(place, "rev-parse", "HEAD") == git(repository, "rev-parse", "HEAD")


def refused(run: Run, reason: str, *words: str) -> None:
    """The agent never runs; the record says why, and what to do."""
    record = run.complete()
    assert (record["cause"], record["reason"]) == ("start", reason)
    assert all(word in record["message"] for word in words), record["message"]


@pytest.mark.slow
def test_what_is_no_repository_is_refused(run: Run, repository: Path) -> None:
    """Nor is a folder within one, nor one without a commit, nor one that is not there."""
    plain = repository.parent / "plain"
    plain.mkdir()
    specify(run, plain)
    refused(run, "NotARepository", str(plain), "git init", "isolation: none")
    again(run)
    inner = repository / "inner"
    inner.mkdir()
    specify(run, inner)
    refused(run, "NotARepository", "top folder")
    again(run)
    git(plain, "init", "--quiet")
    specify(run, plain)
    refused(run, "RepositoryEmpty", "make a first one")
    again(run)
    specify(run, repository.parent / "nowhere")
    refused(run, "FolderMissing", "nowhere")


@pytest.mark.slow
def test_what_stands_in_the_way_is_left_alone(run: Run, repository: Path) -> None:
    """Files, links and a checkout of the branch elsewhere are named, and stay."""
    place = specify(run, repository)
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    refused(run, "WorktreeBlocked", str(place), "move them away")
    assert (place / "mine.txt").read_text() == "mine"
    shutil.rmtree(place)
    place.symlink_to(repository)
    again(run)
    specify(run, repository)
    refused(run, "WorktreeBlocked", "link")
    place.unlink()
    elsewhere = repository.parent / "elsewhere"
    git(repository, "worktree", "add", "--quiet", "-b", BRANCH, str(elsewhere))
    again(run)
    specify(run, repository)
    refused(run, "BranchInUse", str(elsewhere))


@pytest.mark.slow
def test_a_git_file_that_leads_elsewhere_is_refused(run: Run, repository: Path) -> None:
    """An agent may make its worktree pass for the user's own checkout; nobody works there then."""
    before = state(repository)
    place = specify(run, repository, f"echo 'gitdir: {repository}/.git' >.git")
    assert run.complete()["status"] == 0
    assert run.read("work.json") is None
    again(run)
    specify(run, repository)
    refused(run, "WorktreeBroken", "git worktree repair")
    assert state(repository) == before
    assert place.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_another_users_repository_is_left_alone(run: Run, repository: Path) -> None:
    """Git's own rule holds: a shim of root's does nothing in what another user could write to."""
    for folder, _, names in os.walk(repository):
        for name in (".", *names):
            os.chown(Path(folder) / name, 12345, 12345)
    specify(run, repository)
    refused(run, "GitFailed", "dubious ownership", str(repository))
    again(run)
    run.specify("true", folder=str(repository))
    assert run.complete()["status"] == 0
    assert run.read("work.json") is None


@pytest.mark.slow
def test_without_git_it_says_so(run: Run, repository: Path, tmp_path: Path) -> None:
    """The session's PATH counts."""
    (tmp_path / "bin").mkdir()
    specify(run, repository)
    subprocess.run(
        [*PROGRAM, str(run.folder)], env={"PATH": str(tmp_path / "bin")},
        capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    assert run.exit()["reason"] == "GitMissing"


def poison(repository: Path, mark: Path) -> None:
    """Make git run a program at every turn, by all that a repository's settings can say."""
    program = repository.parent / "evil"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{mark}\ncat\n')
    program.chmod(0o755)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    names = ("post-checkout", "post-merge", "post-index-change", "pre-commit")
    for name in (*names, "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(program, hooks / name)
    driver = "a=b.c"
    settings = {
        **{f"filter.{driver}.{part}": str(program) for part in DRIVERS},
        f"filter.{driver}.required": "true",
        "diff.odd.command": str(program), "diff.odd.textconv": str(program),
        "diff.external": str(program), "core.fsmonitor": str(program),
        "core.pager": str(program), "core.editor": str(program), "core.sshCommand": str(program),
        "core.alternateRefsCommand": str(program), "gpg.program": str(program),
        "log.showSignature": "true", "merge.odd.driver": str(program),
        "protocol.allow": "always", "protocol.ext.allow": "always",
        "remote.evil.url": f"ext::{program}", "remote.evil.promisor": "true",
        "extensions.partialClone": "evil", "core.repositoryFormatVersion": "1",
        "credential.helper": f"!{program}", "pager.status": str(program), "pager.diff": "true",
        "alias.status": f"!{program}", "alias.worktree": f"!{program}",
    }  # fmt: skip
    for key, value in settings.items():
        subprocess.run(
            ["git", "config", "--file", str(repository / ".git" / "config"), key, value],
            check=True, timeout=10,
        )  # fmt: skip
    info = repository / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(f"* filter={driver} diff=odd merge=odd\n")


def test_nothing_of_a_hostile_repository_runs(run: Run, repository: Path) -> None:
    """Neither when the worktree is made, nor when it is measured; and the figures are right."""
    mark = repository.parent / "ran"
    poison(repository, mark)
    (repository / ".gitattributes").write_text("* filter=a=b.c diff=odd merge=odd\n")
    place = specify(run, repository, "echo 3 >>a.txt; touch -d yesterday a.txt; echo x >n.txt")
    assert run.complete()["status"] == 0
    assert not mark.exists(), mark.read_text()
    work = run.read("work.json")
    assert (work["files"], work["added"], work["untracked"]) == (1, 1, 1)
    assert (place / "a.txt").read_text() == "one\ntwo\n3\n"
    again(run)
    specify(run, repository)
    run.complete()
    assert not mark.exists(), mark.read_text()
    # The traps are real: git as a user runs it falls into them.
    subprocess.run(["git", "-C", str(place), "diff"], capture_output=True, check=False, timeout=10)
    assert mark.exists()


def test_a_repository_that_the_agent_makes_hostile(run: Run, repository: Path) -> None:
    """In its own folder, without a worktree: the status is taken, nothing runs."""
    mark = repository.parent / "ran"
    run.specify("sh", "-c", "touch ready; while [ -e ready ]; do sleep 0.02; done",
                folder=str(repository))  # fmt: skip
    ready = repository / "ready"

    def turn() -> None:
        wait_for(ready.exists, "the agent")
        poison(repository, mark)
        ready.unlink()

    thread = threading.Thread(target=turn)
    thread.start()
    assert run.complete()["status"] == 0
    thread.join()
    assert not mark.exists(), mark.read_text()
    assert run.read("work.json")["status"] == [" M a.txt"]
    assert "base" not in run.read("work.json")


@pytest.mark.parametrize("worktree", [True, False])
@pytest.mark.slow
def test_what_git_leaves_behind_is_ended(run: Run, repository: Path, worktree: bool) -> None:
    """Were the program git itself to leave a process, it would not outlive the run."""
    tools = repository.parent / "bin"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\nsetsid sh -c \'trap "" TERM HUP; echo $$ >>{run.folder}/orphan; '
        "exec sleep 1000' </dev/null >/dev/null 2>&1 &\nexit 3\n"
    )
    (tools / "git").chmod(0o755)
    specify(run, repository) if worktree else run.specify("true", folder=str(repository))
    record = run.complete(env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
    assert record["reason"] == ("GitFailed" if worktree else "Exited")
    assert run.read("work.json") is None
    file = run.folder / "orphan"
    assert not any(alive(int(pid)) for pid in file.read_text().split())


def test_a_folder_without_git_is_not_measured(run: Run) -> None:
    """Nothing is asked, and what the agent put there is taken away."""
    run.shell(f"echo '{{}}' >{run.folder}/work.json")
    run.complete()
    assert run.read("work.json") is None


@pytest.mark.slow
def test_more_than_can_be_told(run: Run, repository: Path) -> None:
    """The status is bounded, and what names say does nothing to a terminal."""
    specify(
        run, repository, "for i in $(seq 99); do echo >f$i; done; echo >\"$(printf '\\033[2J')\""
    )
    run.complete()
    work = run.read("work.json")
    assert (work["untracked"], len(work["status"])) == (100, 20)
    assert all(line.isprintable() for line in work["status"])
