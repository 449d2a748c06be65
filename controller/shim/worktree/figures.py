"""Measures a folder after its agent has ended: what git sees there."""

import os
import re

from controller.shim.worktree.begin import belongs
from controller.shim.worktree.git import Git, GitError

SHOWN = 20
"""So many lines of the status are kept."""
_LONGEST = 200
_COUNT = re.compile(r"(\d+) (file|insertion|deletion)")


def figures(folder: str, repository: str, deadline: float) -> dict[str, object]:
    """What git sees in a folder.

    Args:
        folder: Where the agent worked.
        repository: The user's checkout that the folder is a worktree of; empty where it is none.
        deadline: By the monotonic clock.

    Returns:
        As docs/run-folder.md has it in `work.json`.

    Raises:
        GitError: Nothing can be seen.
    """
    tree = Git(os.path.realpath(folder), deadline)
    shown = ("status", "--porcelain=v1", "--untracked-files=normal", "--ignore-submodules=dirty")
    lines = [_fit(line) for line in tree(*shown).splitlines() if line]
    seen: dict[str, object] = {
        "version": 1,
        "branch": _fit(tree.says("symbolic-ref", "--short", "--quiet", "HEAD") or ""),
        "head": tree.says("rev-parse", "--verify", "--quiet", "HEAD") or "",
        "changed": sum(not line.startswith("??") for line in lines),
        "untracked": sum(line.startswith("??") for line in lines),
        "status": lines[:SHOWN],
    }
    if repository:
        source = Git(os.path.realpath(repository), deadline)
        if not belongs(source, tree):
            raise GitError("WorktreeBroken", f"{folder} is no worktree of {repository} any more")
        seen |= _beyond(source, tree)
    return seen


def _beyond(repository: Git, tree: Git) -> dict[str, object]:
    """What the worktree has that the user's checkout has not: commits, and what is open."""
    head = repository.says("rev-parse", "--verify", "--quiet", "HEAD^{commit}") or "HEAD"
    base = tree.says("merge-base", head, "HEAD")
    if not base:
        return {}
    stat = tree(
        "diff", "--shortstat", "--no-ext-diff", "--no-textconv", "--no-color",
        "--ignore-submodules=dirty", base,
    )  # fmt: skip
    counts = {word: int(number) for number, word in _COUNT.findall(stat)}
    commits = tree.says("rev-list", "--count", f"{base}..HEAD") or "0"
    return {
        "base": base,
        "files": counts.get("file", 0),
        "added": counts.get("insertion", 0),
        "removed": counts.get("deletion", 0),
        "commits": int(commits) if commits.isdigit() else 0,
    }


def _fit(text: str) -> str:
    """A line that does nothing to a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:_LONGEST]
