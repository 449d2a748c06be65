"""What may be asked of a runtime, and which runtimes there are."""

import subprocess
import sys
from pathlib import Path

import pytest

from controller.runtimes.base import StartRequest
from controller.runtimes.registry import RUNTIMES, runtime_class


@pytest.mark.parametrize(
    "name", ["", "-a", "_a", "A", "a.b", "a:b", "a b", "a\n", "é", "a;", "#{pid}", "a" * 62]
)
def test_a_request_with_an_odd_name_cannot_be_made(name: str) -> None:
    """Tmux would rewrite it, expand it, or take it for something else."""
    with pytest.raises(ValueError, match="name"):
        StartRequest("r1", name, Path("/runs/r1"))


@pytest.mark.parametrize("run", ["", "R1", "r/1", "r1\n", "r" * 41])
def test_a_request_with_an_odd_run_cannot_be_made(run: str) -> None:
    """The run's id is a folder's name and part of a pattern."""
    with pytest.raises(ValueError, match="run"):
        StartRequest(run, "app", Path("/runs/r1"))


def test_a_request_with_a_relative_folder_cannot_be_made() -> None:
    """The session has another working folder."""
    with pytest.raises(ValueError, match="absolute"):
        StartRequest("r1", "app", Path("runs/r1"))


@pytest.mark.parametrize("kind", RUNTIMES)
def test_every_name_has_its_class(kind: str) -> None:
    """A line of the registry names what is there."""
    assert kind == getattr(runtime_class(kind), "kind", None)


def test_the_registry_loads_nothing() -> None:
    """Quick commands do not pay for libtmux."""
    code = "import controller.runtimes.registry, sys; sys.exit('libtmux' in sys.modules)"
    assert subprocess.run((sys.executable, "-c", code), check=False).returncode == 0
