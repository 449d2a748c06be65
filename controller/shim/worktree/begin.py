"""Makes a run's worktree, or finds the one that its project has.

Every step can be the last one before a death: the next start finds what there is by the branch's
and the folder's names, and goes on from there. Nothing is taken away but an empty folder and a
worktree that git itself marks as half made, in which nobody has worked yet.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from controller.shim.worktree.git import Git, GitError

_HALF_MADE = "initializing"
"""What git writes into the lock of a worktree that it is making."""


@dataclass(frozen=True)
class Place:
    """Where a run works.

    Attributes:
        repository: The user's checkout, absolute; never written to but for what git keeps of
            branches and worktrees.
        tree: The worktree's folder, absolute.
        branch: Its branch.
        fresh: A conversation begins, so that merged work may be brought forward.
    """

    repository: str
    tree: str
    branch: str
    fresh: bool


@dataclass(frozen=True)
class Entry:
    """A worktree as git lists it: its folder, its branch if it has one, why it is locked."""

    path: str
    branch: str
    lock: str | None


def begin(place: Place, deadline: float) -> None:
    """See that the worktree is there.

    Raises:
        GitError: It cannot be, and why.
    """
    repository = _repository(place, deadline)
    tree = Path(place.tree).parent.resolve() / Path(place.tree).name
    entries = _entries(repository)
    own = next((entry for entry in entries[1:] if entry.path == str(tree)), None)
    _refuse_foreign(place, tree, entries)
    half = own is not None and own.lock == _HALF_MADE
    if own is not None and not half and os.path.lexists(tree / ".git"):
        _hold_to(place, repository, tree, deadline)
        if place.fresh:
            _bring_forward(place, repository, Git(str(tree), deadline))
        return
    if half and own is not None and os.path.lexists(tree / ".git"):
        repository("worktree", "remove", "-f", "-f", str(tree))
    if tree.is_dir():
        _refuse_full(place, tree)
    known = repository.says("rev-parse", "--verify", "--quiet", f"refs/heads/{place.branch}")
    what = [place.branch] if known else ["--no-track", "-b", place.branch]
    force = ["-f", "-f"] if half else ["-f"] if own is not None else []
    where = [str(tree), *what] if known else [*what, str(tree), "HEAD"]
    repository("worktree", "add", *force, *where)


def _repository(place: Place, deadline: float) -> Git:
    """The user's repository.

    Raises:
        GitError: `NotARepository`, `RepositoryEmpty`.
    """
    folder = os.path.realpath(place.repository)
    git = Git(folder, deadline)
    if not Path(folder).is_dir():
        raise GitError("FolderMissing", f"The folder {folder} does not exist. Create it.")
    try:
        git("rev-parse", "--git-dir")
    except GitError as error:
        if error.reason != "GitFailed":
            raise
        if "not a git repository" not in error.message:
            raise
        text = (
            f"{folder} is not the top of a git repository, so no worktree can be made of it; run "
            f"git init there, name the repository's top folder, or set isolation: none for it"
        )
        raise GitError("NotARepository", text) from None
    if git.says("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        text = f"{folder} has no commit yet that a worktree could begin from; make a first one"
        raise GitError("RepositoryEmpty", text)
    return git


def _entries(repository: Git) -> list[Entry]:
    """All worktrees, the user's own checkout first."""
    found = []
    for block in repository("worktree", "list", "--porcelain").split("\n\n"):
        words = dict(line.partition(" ")[::2] for line in block.splitlines())
        if "worktree" in words:
            branch = words.get("branch", "").removeprefix("refs/heads/")
            found.append(Entry(words["worktree"], branch, words.get("locked")))
    return found


def _refuse_foreign(place: Place, tree: Path, entries: list[Entry]) -> None:
    """Raise where a link leads away, or the branch is at work elsewhere.

    Raises:
        GitError: `WorktreeBlocked`, `BranchInUse`.
    """
    if tree.is_symlink():
        text = f"{tree} is a link; remove it, so that the worktree of {place.branch} can be there"
        raise GitError("WorktreeBlocked", text)
    other = next((e for e in entries if e.branch == place.branch and e.path != str(tree)), None)
    if other is not None:
        text = (
            f"the branch {place.branch} is checked out in {other.path}; check out another one "
            "there, then its agent goes on with it"
        )
        raise GitError("BranchInUse", text)


def _refuse_full(place: Place, tree: Path) -> None:
    """Make room, where only an empty folder stands in the way.

    Raises:
        GitError: `WorktreeBlocked`.
    """
    with suppress(OSError):
        tree.rmdir()
    if os.path.lexists(tree):
        text = (
            f"{tree} holds files and is no worktree of {place.repository}; move them away, "
            "or set isolation: none for this project"
        )
        raise GitError("WorktreeBlocked", text)


def _hold_to(place: Place, repository: Git, tree: Path, deadline: float) -> None:
    """See that the folder's `.git` still leads to its own part of the user's repository.

    Raises:
        GitError: `WorktreeBroken`.
    """
    if not belongs(repository, Git(str(tree), deadline)):
        text = (
            f"{tree}/.git does not lead to {place.repository} any more; run there: "
            f"git worktree repair {tree}"
        )
        raise GitError("WorktreeBroken", text)


def belongs(repository: Git, tree: Git) -> bool:
    """Whether a folder is a worktree of a repository, and not its checkout.

    Raises:
        GitError: `GitMissing`, `GitTimeout`.
    """
    common = _real(repository, "--git-common-dir")
    own = _real(tree, "--git-dir")
    return common is not None and own is not None and own.parent == common / "worktrees"


def _real(git: Git, which: str) -> Path | None:
    path = git.says("rev-parse", which)
    return None if path is None else (Path(git.folder) / path).resolve()


def _bring_forward(place: Place, repository: Git, tree: Git) -> None:
    """New work begins where the user is now, if all of the old is there and nothing is open."""
    head = repository("rev-parse", "HEAD").strip()
    own = tree.says("rev-parse", "--verify", "--quiet", "HEAD")
    on = tree.says("symbolic-ref", "--short", "--quiet", "HEAD")
    if own is None or own == head or on != place.branch:
        return
    if tree.says("merge-base", "--is-ancestor", own, head) is None:
        return
    if tree("status", "--porcelain", "--ignore-submodules=dirty").strip():
        return
    tree("merge", "--ff-only", "--no-verify-signatures", "--quiet", head)
