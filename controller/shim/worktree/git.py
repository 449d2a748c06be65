"""Git, so that no repository decides what runs: bounded, with a deadline, and without a shell."""

import os
import selectors
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

MOST = 262_144
"""Bytes of an answer that are read; git is ended where it says more."""
_ERROR = 4096

_SETTINGS = (
    *("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.attributesFile=/dev/null"),
    *("core.untrackedCache=false", "core.pager=cat", "core.editor=false", "core.sshCommand=false"),
    *("diff.external=", "diff.ignoreSubmodules=dirty", "submodule.recurse=false"),
    *("protocol.allow=never", "gc.auto=0", "maintenance.auto=false", "credential.helper="),
    *("log.showSignature=false", "commit.gpgSign=false", "advice.detachedHead=false"),
    *("checkout.defaultRemote=", "merge.verifySignatures=false", "status.submoduleSummary=false"),
)
"""What beats the repository's own settings, wherever those could name a program."""
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Beats every protocol.*.allow of the repository: nothing is fetched, by whatever program.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
}


class GitError(Exception):
    """Git, or the repository, does not do what is asked.

    Attributes:
        reason: CamelCase.
        message: What is wrong, where, and what to do, for a person.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Git:
    """Runs git in one folder.

    Filters (`filter.*.clean`, `smudge`, `process`) of the repository's own settings are switched
    off by name: nothing in git switches off all of them. The user's and the system's settings do
    not count, so that those of git-lfs are off too.

    Args:
        folder: An absolute path without links; no repository above it counts.
        deadline: When all must be done, by the monotonic clock.
    """

    def __init__(self, folder: str, deadline: float) -> None:
        self.folder = folder
        self._deadline = deadline
        self._filters: list[tuple[str, str]] | None = None

    def __call__(self, *arguments: str) -> str:
        """Git's answer.

        Args:
            arguments: A git command line, without `git`.

        Raises:
            GitError: `GitMissing`, `GitTimeout`, `GitFailed` with git's own last words.
        """
        if self._filters is None:
            self._filters = list(_without(self._drivers()))
        status, answer, words = self._run(arguments)
        if status != 0:
            raise GitError("GitFailed", f"git {arguments[0]} in {self.folder}: {_last(words)}")
        return answer

    def says(self, *arguments: str) -> str | None:
        """Git's answer without the line's end, or None where it has none.

        Raises:
            GitError: `GitMissing`, `GitTimeout`.
        """
        try:
            return self(*arguments).rstrip("\n")
        except GitError as error:
            if error.reason != "GitFailed":
                raise
            return None

    def _drivers(self) -> set[str]:
        """Names of all filters that any settings describe; reading settings runs nothing."""
        pattern = ("config", "--includes", "--null", "--name-only", "--get-regexp", r"^filter\.")
        status, answer, words = self._run(pattern)
        if status not in (0, 1):
            raise GitError("GitFailed", f"git config in {self.folder}: {_last(words)}")
        if len(answer) >= MOST:
            raise GitError("GitFailed", f"{self.folder}: its git settings name too many filters")
        keys = (key.split(".", 1)[1] for key in answer.split("\0") if "." in key)
        return {name.rpartition(".")[0] for name in keys if "." in name}

    def _run(self, arguments: Iterable[str]) -> tuple[int, str, bytes]:
        try:
            process = subprocess.Popen(
                ["git", "--no-pager", "-C", self.folder, *arguments],
                env=self._environment(), cwd="/", stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except FileNotFoundError:
            text = "the session's PATH has no program git; install it, or set isolation: none"
            raise GitError("GitMissing", text) from None
        except OSError as error:
            raise GitError("GitFailed", f"git cannot be started: {error.strerror}") from None
        try:
            return _read(process, self._deadline)
        finally:
            process.kill()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()

    def _environment(self) -> dict[str, str]:
        """Git's environment; its settings go by it, where a name may hold any character."""
        settings = [setting.partition("=")[::2] for setting in _SETTINGS]
        settings += self._filters or ()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= _ENVIRONMENT
        environment["GIT_CEILING_DIRECTORIES"] = str(Path(self.folder).parent)
        environment["GIT_CONFIG_COUNT"] = str(len(settings))
        for number, (key, value) in enumerate(settings):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


_KEPT = ("PATH", "HOME", "TMPDIR", "SIDEKICK_RUN_ID", "SIDEKICK_RUN_DIR")
"""Of the session's environment; the run's id lets a sweep find what is left of a killed one."""


def _read(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, str, bytes]:
    """Read what a process says, as much as is wanted, until it ends."""
    assert process.stdout is not None
    assert process.stderr is not None
    answer, words = bytearray(), bytearray()
    full = False
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ, answer)
        ready.register(process.stderr, selectors.EVENT_READ, words)
        while ready.get_map() and not full:
            left = deadline - time.monotonic()
            found = ready.select(max(0.0, left))
            if left <= 0 or not found:
                text = "git took too long; its repository is very large, or the disk is slow"
                raise GitError("GitTimeout", text)
            for key, _ in found:
                part = os.read(key.fd, 65_536)
                if not part:
                    ready.unregister(key.fileobj)
                elif key.data is answer:
                    answer += part
                    full = len(answer) >= MOST
                else:
                    words[:] = (words + part)[-_ERROR:]
    if full:
        process.kill()
    try:
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise GitError("GitTimeout", "git did not end in time") from None
    text = answer[:MOST].decode("utf-8", "replace")
    return (0 if full else status), text, bytes(words)


def _without(drivers: Iterable[str]) -> Iterable[tuple[str, str]]:
    """The settings that switch filters off."""
    for name in sorted(drivers):
        for part in ("clean", "smudge", "process"):
            yield f"filter.{name}.{part}", ""
        yield f"filter.{name}.required", "false"


def _last(words: bytes) -> str:
    """The line that says why, fit for a message."""
    lines = [line for line in words.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    text = told[-1].removeprefix("fatal: ").removeprefix("error: ") if told else "it failed"
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:300]
