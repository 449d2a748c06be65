"""All modules of the shim in one file, beside the caches that Python makes of each.

To find and to read twenty modules takes 2 ms more. This is a cache like Python's own: made at need,
valid as long as no source has changed. The file is held open, so that an upgrade underneath never
mixes two versions, however long a run lasts.
"""

import marshal
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    Key = tuple[str, tuple[tuple[str, int, int], ...]]
    """The interpreter; and of each source its path below the root, its time and its size."""

_HEADER = 16_384
"""Bytes before the first module's code: this module's own code, the key, and where each code is."""

_FOLDERS = ("controller/shim", "controller/shim/streams")
_PACKAGES = ("controller", "controller.shim", "controller.shim.streams")

_BESIDE = ("controller/__init__.py", "controller/redaction.py")

_PATIENCE = 60
"""Seconds after which whoever was making a bundle is taken for dead."""


class Bundle:
    """Finds and loads the shim's modules; belongs at the front of `sys.meta_path`.

    Args:
        root: The folder that holds the package `controller`.
        fd: The bundle's file.
        places: Module → offset and length of its code in the file.
    """

    def __init__(self, root: str, fd: int, places: dict[str, tuple[int, int]]) -> None:
        self._root = root
        self._fd = fd
        self._places = places

    def find_spec(self, name: str, *_: object) -> "ModuleSpec | None":
        """Find a module, as `importlib.abc.MetaPathFinder` has it."""
        if name not in self._places:
            return None
        spec: ModuleSpec = type(sys.__spec__)(name, self)  # type: ignore[arg-type]
        if name in _PACKAGES:
            spec.submodule_search_locations = [f"{self._root}/{name.replace('.', '/')}"]
        return spec

    def create_module(self, _spec: "ModuleSpec") -> "ModuleType | None":
        """Have the usual module made, as `importlib.abc.Loader` has it."""
        return None

    def exec_module(self, module: "ModuleType") -> None:
        """Run a module's code, as `importlib.abc.Loader` has it."""
        exec(self._code(module.__name__), module.__dict__)  # noqa: S102 - what importing is

    def _code(self, name: str) -> "CodeType":
        offset, length = self._places[name]
        try:
            code: CodeType = marshal.loads(posix.pread(self._fd, length, offset))  # noqa: S302
            return code
        except (EOFError, TypeError, ValueError):
            # The disk has lost what is behind the header: a cache is never needed.
            return _compile(self._root, _file(name))


def install(root: str, fd: int, key: "Key", places: dict[str, tuple[int, int]]) -> bool:
    """Import from a bundle from now on, where it is valid.

    Args:
        root: The folder that holds the package `controller`.
        fd: The bundle's file; closed where it is not used.
        key: What it was made for.
        places: Module → offset and length of its code in the file.

    Returns:
        False where the sources or the interpreter are others by now.
    """
    # A descriptor in the place of a closed standard one would pass for the agent's own.
    valid = (
        fd > 2
        and posix.fstat(fd).st_size == sum(max(places.values()))
        and key == _key(root, [name for name, _, _ in key[1]])
    )
    if valid:
        sys.meta_path.insert(0, Bundle(root, fd, places))
    else:
        posix.close(fd)
    return valid


def write(path: str) -> None:
    """Make a bundle of the sources beside it, unless another process is at it.

    Args:
        path: Where it belongs.

    Raises:
        OSError: It cannot be written.
    """
    temporary = f"{path}.new"
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC
    try:
        fd = posix.open(temporary, flags, 0o644)
    except FileExistsError:
        import time

        if time.time() - posix.stat(temporary).st_mtime > _PATIENCE:
            posix.unlink(temporary)
        return
    try:
        content = _content(path.rpartition("/controller/")[0])
        if posix.write(fd, content) == len(content):
            posix.fsync(fd)  # before its name says that it is whole
            posix.rename(temporary, path)
            temporary = ""
    finally:
        posix.close(fd)
        if temporary:
            posix.unlink(temporary)


def _content(root: str) -> bytes:
    files = [f"{at}/{name}" for at in _FOLDERS for name in posix.listdir(f"{root}/{at}")]
    files = [*_BESIDE, *(file for file in files if file.endswith(".py"))]
    key = _key(root, files)  # first, for a source may change meanwhile
    parts, places, end = [b""], {}, _HEADER
    for file in files:
        name = file[:-3].removesuffix("/__init__").replace("/", ".")
        part = marshal.dumps(_compile(root, file))
        places[name] = (end, len(part))
        parts.append(part)
        end += len(part)
    own = _compile(root, "controller/shim/bundle.py")
    parts[0] = marshal.dumps((own, key, places)).ljust(_HEADER, b"\0")
    if len(parts[0]) > _HEADER:
        raise OSError("the bundle's header has outgrown its place")
    return b"".join(parts)


def _file(name: str) -> str:
    """Name the source of a module, below the root."""
    file = f"{name.replace('.', '/')}.py"
    return f"{file[:-3]}/__init__.py" if name in _PACKAGES else file


def _compile(root: str, file: str) -> "CodeType":
    """Get the code of a source, from Python's own cache where that is valid."""
    from importlib.machinery import SourceFileLoader

    name = file[:-3].removesuffix("/__init__").replace("/", ".")
    code = SourceFileLoader(name, f"{root}/{file}").get_code(name)
    assert code is not None
    return code


def _key(root: str, files: list[str]) -> "Key":
    stats = [posix.stat(f"{root}/{file}") for file in files]
    return sys.version, tuple(
        (file, stat.st_mtime_ns, stat.st_size) for file, stat in zip(files, stats, strict=True)
    )
