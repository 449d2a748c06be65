"""What to run: `spec.json` and `env`, read and held against the contract."""

from controller.shim.faults import RunError, invalid
from controller.shim.stdlib import loads

STREAMS = ("claude", "codex", "gemini", "opencode")
"""The forms of events that can be read, each by a module of `controller.shim.streams`."""

VERSION = 1
"""The version of `docs/run-folder.md` that this shim speaks."""


class Spec:
    """What to run.

    Attributes:
        run: The run's id.
        brand: A number that all processes of the run shall bear, 0 for none.
        argv: The agent's arguments, its program first.
        folder: The absolute folder to run it in.
        headless: Whether output goes through the shim instead of straight to the terminal.
        stdin: The file of the run's folder that is the standard input, or None.
        tools: A folder that comes first on the agent's PATH, absolute, or None.
        stream: The form of the events that the agent prints, one of `STREAMS`, or None.
        grace: Seconds between the request to end and the kill.
        log_bytes: The size at which `output.log` is rotated.
        log_files: How many files the log has in all, the current one included.
        secrets: A file of secrets where the session runs, absolute, or None.
        worktree: The repository that the folder is a worktree of, the worktree's branch, and
            whether a conversation begins; or None.
    """

    __slots__ = (
        *("argv", "brand", "folder", "grace", "headless", "log_bytes", "log_files", "run"),
        *("secrets", "stdin", "stream", "tools", "worktree"),
    )

    def __init__(self, content: dict[str, object]) -> None:
        self.run = _text(content, "run")
        argv = content.get("argv")
        if (
            not isinstance(argv, list)
            or not argv
            or not all(isinstance(part, str) for part in argv)
        ):
            raise invalid("argv must be a list of strings, the program first")
        self.argv = [to_bytes(part, "argv") for part in argv]
        if not self.argv[0]:
            raise invalid("the first string of argv, the program, is empty")
        self.folder = _text(content, "folder")
        if not self.folder.startswith(b"/"):
            raise invalid("folder must be an absolute path")
        mode = content.get("mode")
        if mode not in ("interactive", "headless"):
            raise invalid('mode must be "interactive" or "headless"')
        self.headless = mode == "headless"
        stdin = content.get("stdin")
        if stdin not in (None, "prompt"):
            raise invalid('stdin must be null or "prompt"')
        if stdin and not self.headless:
            raise invalid('stdin can be "prompt" in headless mode only')
        self.stdin = "prompt" if stdin else None
        stream = content.get("stream")
        if stream is not None and (not isinstance(stream, str) or stream not in STREAMS):
            raise invalid(f"stream must be null or one of {', '.join(STREAMS)}")
        if stream and not self.headless:
            raise invalid("stream can be given in headless mode only")
        self.stream: str | None = stream
        self.grace = _number(content, "grace", 10.0, 0.0)
        self.log_bytes = int(_number(content, "log_bytes", 10_485_760, 1))
        self.log_files = int(_number(content, "log_files", 2, 1))
        self.brand = int(_number(content, "brand", 0, 0))
        self.secrets = _path(content, "secrets")
        self.tools = _path(content, "tools")
        self.worktree = _worktree(content)


def parse_spec(text: bytes) -> Spec:
    """Read `spec.json`.

    Args:
        text: The file's content.

    Returns:
        What to run.

    Raises:
        RunError: `SpecVersion`, or `SpecInvalid` with the field that is wrong.
    """
    content = _mapping(text, "spec.json")
    version = content.get("version")
    if version != VERSION or isinstance(version, bool):
        raise RunError(
            "SpecVersion",
            f"spec.json is of version {version!r:.40}, this shim speaks version {VERSION}. "
            "Restart the controller, so that both are of one release.",
        )
    return Spec(content)


def parse_environment(text: bytes | None) -> dict[bytes, bytes]:
    """Read `env`. Messages never quote it, for it may hold secrets.

    Args:
        text: The file's content, None where there was no file.

    Returns:
        Variable → value.

    Raises:
        RunError: `SpecInvalid`.
    """
    if text is None:
        return {}
    variables = {}
    for name, value in _mapping(text, "env").items():
        if not name or "=" in name or not isinstance(value, str):
            raise invalid("env must map names of variables to strings")
        variables[to_bytes(name, "env")] = to_bytes(value, "env")
    return variables


def to_bytes(text: str, field: str) -> bytes:
    """Encode as the kernel takes it, whatever the session's locale.

    Args:
        text: The text; what was no UTF-8 once (surrogates) becomes the same bytes again.
        field: Where it is from, for the message.

    Returns:
        The bytes.

    Raises:
        RunError: `SpecInvalid`: it cannot be an argument, a path or a variable.
    """
    if "\0" in text:
        raise invalid(f"{field} holds a zero byte")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise invalid(f"{field} holds a character that is no Unicode text") from None


def number_in(value: object, least: float) -> float | None:
    """Take a JSON value as a finite number.

    Args:
        value: The value.
        least: The smallest that is allowed.

    Returns:
        The number, or None where it is none or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if least <= value <= 1e15 else None


def _mapping(text: bytes, name: str) -> dict[str, object]:
    try:
        content = loads(text.decode())
    except UnicodeDecodeError:
        raise invalid(f"{name} is no UTF-8 text") from None
    except ValueError as error:
        raise invalid(f"{name} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise invalid(f"{name} must be a JSON object")
    return content


def _text(content: dict[str, object], field: str) -> bytes:
    value = content.get(field)
    if not isinstance(value, str) or not value:
        raise invalid(f"{field} must be a text that is not empty")
    return to_bytes(value, field)


def _path(content: dict[str, object], field: str) -> bytes | None:
    if content.get(field) is None:
        return None
    path = _text(content, field)
    if not path.startswith(b"/"):
        raise invalid(f"{field} must be an absolute path")
    return path


def _worktree(content: dict[str, object]) -> tuple[bytes, bytes, bool] | None:
    given = content.get("worktree")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise invalid("worktree must be null or an object")
    repository, branch = _path(given, "repository"), _text(given, "branch")
    if repository is None or branch.startswith(b"-"):
        raise invalid("worktree must name a repository and a branch")
    return repository, branch, given.get("fresh") is True


def _number(content: dict[str, object], field: str, default: float, least: float) -> float:
    value = number_in(content.get(field, default), least)
    if value is None:
        raise invalid(f"{field} must be a number of at least {least:g}")
    return value
