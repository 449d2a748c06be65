"""The cheap halves of the standard library.

Public modules cost more than the whole shim: over a bare interpreter `json` takes 7 ms, `signal`
4 ms, `ctypes` 3 ms, `os` 2 ms, their private halves together 1 ms. So every module of the shim
uses `posix`, which `os` is made of, and from here what needs a line more. A private module may go
or change with a release, so each use falls back to the public one.
"""

import posix
import sys

TYPE_CHECKING = False  # typing costs 5 ms; type checkers know the name itself
if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping
    from types import TracebackType
else:
    try:
        import _signal as signal
    except ImportError:
        import signal

__all__ = ["TYPE_CHECKING", "Suppress", "call", "dumps", "fsencode", "loads", "signal"]


class Suppress:
    """`contextlib.suppress`, whose module costs 3 ms.

    Args:
        errors: The exceptions that end the block quietly.
    """

    def __init__(self, *errors: type[BaseException]) -> None:
        self.errors = errors

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> bool:
        return kind is not None and issubclass(kind, self.errors)


class _Decoding:
    """What the C scanner wants to know, as `json.JSONDecoder` has it by default."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = None


def fsencode(path: str) -> bytes:
    """Encode a path as the kernel takes it, as `os.fsencode` does.

    Args:
        path: The path.

    Returns:
        The bytes.
    """
    return path.encode(sys.getfilesystemencoding(), "surrogateescape")


def loads(text: str) -> object:
    """Decode JSON.

    Args:
        text: One JSON value.

    Returns:
        The value.

    Raises:
        ValueError: It is no JSON.
    """
    text = text.strip()
    try:
        from _json import make_scanner

        value, end = make_scanner(_Decoding)(text, 0)  # type: ignore[arg-type]
        if end == len(text):
            return value
    except Exception:  # noqa: BLE001, S110 - whatever it was, the public module says it better
        pass
    import json

    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def dumps(value: "Mapping[str, object]") -> str:
    """Encode an object as JSON on one line, in ASCII.

    Args:
        value: Strings, numbers, booleans, None, and lists and dictionaries of them.

    Returns:
        The text.

    Raises:
        ValueError: A number is infinite or none.
        RecursionError: It is nested too deeply.
    """
    try:
        from _json import encode_basestring_ascii, make_encoder

        encode = make_encoder(
            None, _no_json, encode_basestring_ascii, None, ": ", ", ", False, False, False
        )
        return "".join(encode(value, 0))
    except (ImportError, TypeError):
        import json

        return json.dumps(value, allow_nan=False)


def _no_json(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is no JSON")


_addresses: dict[str, int] = {}


def call(function: str, *arguments: int | bytes | None) -> int:
    """Call a function of the C library that no cheap module offers.

    Args:
        function: Its name.
        arguments: Its arguments: numbers, what a pointer points at, None for no pointer.

    Returns:
        What it returns.

    Raises:
        OSError: It returned -1, or the C library has no such function.
    """
    try:
        from _ctypes import call_function, dlopen, dlsym
    except ImportError:
        import ctypes

        result: int = getattr(ctypes.CDLL(None), function)(*arguments)
    else:
        if function not in _addresses:
            _addresses[function] = dlsym(dlopen(None, posix.RTLD_NOW), function)  # type: ignore[arg-type]
        result = call_function(_addresses[function], arguments)
    if result == -1:
        raise OSError(f"{function}{arguments} failed")
    return result
