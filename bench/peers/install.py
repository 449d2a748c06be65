"""Gets the peers: each in an environment of its own below the cache, with pinned versions."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bench.clock import Unavailable

PINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "circus": ("circus==0.19.0", "psutil==7.2.2", "pyzmq==27.3.0", "tornado==6.6.1"),
        "supervisor": ("supervisor==4.3.0",),
        "tmuxp": ("tmuxp==1.76.0", "libtmux==0.62.0", "pyyaml==6.0.3"),
    }
)
BENCH = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("BENCH_CACHE") or BENCH / ".cache").absolute()
OFF = "BENCH_NO_INSTALL"
"""A variable that, when set, lets nothing be installed: who is not there yet is missing."""
_SECONDS = 300
_STAMP = "complete"
_refused: dict[str, str] = {}


def programs_of(peer: str) -> Path:
    """The folder of a peer's programs, `python` among them; installed at need.

    Raises:
        Unavailable: It cannot be installed; said once, and not tried again.
    """
    pins = PINS[peer]
    words = "\n".join((*pins, sys.version, sys.executable))
    folder = CACHE / f"{peer}-{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    if (folder / _STAMP).exists():
        return folder / "bin"
    if peer not in _refused:
        try:
            _install(folder, pins)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            _refused[peer] = f"not installed: {_why(error)}"
        else:
            return folder / "bin"
    raise Unavailable(_refused[peer])


def _install(folder: Path, pins: Sequence[str]) -> None:
    if os.environ.get(OFF):
        raise FileNotFoundError(f"{OFF} is set")
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    python, uv = str(folder / "bin" / "python"), _uv()
    if uv:
        _run(uv, "venv", "-q", "--python", sys.executable, str(folder))
        install = (uv, "pip", "install", "-q", "--python", python)
        try:
            _run(*install, *pins)
        except subprocess.CalledProcessError:
            # For networks whose own certificate only the system knows.
            _run(*install, "--system-certs", *pins)
    else:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *pins)
    (folder / _STAMP).touch()


def _uv() -> str | None:
    own = BENCH.parent / ".uv" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.exists() else None)


def _run(*argv: str) -> None:
    subprocess.run(
        argv, check=True, capture_output=True, text=True, timeout=_SECONDS,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _why(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    lines = [line.strip() for line in str(said).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
