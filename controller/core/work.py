"""Work: what git sees in an agent's folder after a run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """The state of a folder under git, as the run's shim saw it at the end.

    Attributes:
        branch: The branch that is checked out; empty for none.
        head: The commit that is checked out; empty for none.
        changed: Files that differ from that commit, as `git status` counts them.
        untracked: Files and folders that git does not know.
        status: The first lines of `git status --short`.
        base: The newest commit that the user's checkout has too; empty but for a worktree.
        files: Files that differ from the base, whether committed or not.
        added: Lines that came since.
        removed: Lines that went since.
        commits: Commits since.
    """

    branch: str = ""
    head: str = ""
    changed: int = 0
    untracked: int = 0
    status: tuple[str, ...] = ()
    base: str = ""
    files: int = 0
    added: int = 0
    removed: int = 0
    commits: int = 0

    @property
    def kept(self) -> str:
        """What a worktree has that the user's checkout has not; empty where there is none."""
        if not self.base:
            return ""
        parts = [_count(self.files, "file"), f"+{self.added} -{self.removed}"]
        parts += [_count(self.commits, "commit")] if self.commits else []
        parts += [f"{self.untracked} untracked"] if self.untracked else []
        return f"{self.branch or self.head[:12]}: {', '.join(parts)}"

    @property
    def told(self) -> str:
        """The state in one line, for a person."""
        open_ones = f"{self.changed} changed, {self.untracked} untracked"
        return self.kept or f"{self.branch or self.head[:12] or 'no commit'}: {open_ones}"


def standing(work: Work) -> str:
    """Where the work stands, as lines for who goes on with it."""
    more = work.changed + work.untracked - len(work.status)
    lines = [f"on {work.branch or 'no branch'}, at {work.head[:12] or 'no commit'}"]
    lines += work.status or ("nothing to commit",)
    lines += [f"and {more} more"] if more > 0 else []
    return "\n".join(lines)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
