"""What the shim is told: `spec.json`; docs/run-folder.md explains each field."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b

VERSION = 1
_BRAND_BYTES = 6
"""A number of 48 bits is exact in every JSON, and two runs that are kept never share one."""


@dataclass(frozen=True, slots=True)
class Worktree:
    """The worktree that the folder is to be.

    Attributes:
        repository: The user's checkout.
        branch: The worktree's branch.
        fresh: A conversation begins.
    """

    repository: str
    branch: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """What is to run, and on which terms."""

    argv: tuple[str, ...]
    folder: str
    mode: str
    stdin: str | None
    grace: float
    log_bytes: int
    log_files: int
    secrets: str = ""
    stream: str = ""
    tools: str = ""
    worktree: Worktree | None = None

    def dump(self, run: str, environment: Iterable[str]) -> bytes:
        """The file of a run, whose `env` holds the variables of these names."""
        document = {
            "version": VERSION,
            "run": run,
            "brand": brand(run),
            "argv": list(self.argv),
            "folder": self.folder,
            "environment": sorted(environment),
            "mode": self.mode,
            "stdin": self.stdin,
            "grace": self.grace,
            "log_bytes": self.log_bytes,
            "log_files": self.log_files,
            "secrets": self.secrets or None,
            "stream": self.stream or None,
            "tools": self.tools or None,
            "worktree": asdict(self.worktree) if self.worktree else None,
        }
        return json.dumps(document).encode()


def brand(run: str) -> int:
    """The number that every process of a run bears, whatever it does with its environment."""
    return int.from_bytes(blake2b(run.encode(), digest_size=_BRAND_BYTES).digest()) or 1
