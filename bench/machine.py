"""What the figures were taken on."""

import os
import platform
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path


def describe() -> dict[str, str]:
    """Cores, kernel, tmux, Python, load, and what /tmp is made of (fsync costs what it costs)."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": platform.release(),
        "tmux": tmux_version(),
        "python": platform.python_version(),
        "temporary files": _file_system(tempfile.gettempdir()),
        "load before": load(),
    }


def load() -> str:
    """Load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def tmux_version() -> str:
    """The version of the tmux on the PATH, `missing` where there is none."""
    if not shutil.which("tmux"):
        return "missing"
    done = subprocess.run(("tmux", "-V"), capture_output=True, text=True, timeout=10, check=False)
    return done.stdout.strip().removeprefix("tmux ")


def raise_file_limit() -> int:
    """Let this process, and every tmux server it starts, open as many files as it may.

    Returns:
        The limit: a server takes one descriptor a session, or two.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else 1_048_576
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(folder: str) -> str:
    done = subprocess.run(
        ("df", "--output=fstype", folder), capture_output=True, text=True, timeout=10, check=False
    )
    return done.stdout.split()[-1] if done.returncode == 0 else "unknown"
