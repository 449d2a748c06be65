"""The shim's modules come from one file where that is valid, and from their sources otherwise."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shim.world import SHIM, Run, wait_for


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Have a shim of our own, without any cache; its program."""
    package = tmp_path / "lib" / "controller"
    shutil.copytree(SHIM.parent, package / "shim", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "redaction.py"):
        shutil.copy(SHIM.parents[1] / name, package)
    return package / "shim" / "__main__.py"


def start(run: Run, program: Path) -> "subprocess.Popen[bytes]":
    """Run a shell that waits for a file `go`; the shim once the agent runs."""
    run.shell("echo up; while ! test -e go; do sleep 0.02; done; exit 3")
    argv = [sys.executable, "-I", "-S", str(program), str(run.folder)]
    shim = subprocess.Popen(argv, start_new_session=True, stdout=subprocess.DEVNULL)
    run.started()
    return shim


def end(run: Run, shim: "subprocess.Popen[bytes]") -> None:
    """Let the shell end, and the run with it."""
    (run.work / "go").touch()
    assert shim.wait(10) == 3
    assert run.exit()["status"] == 3


def bundle_of(program: Path) -> Path:
    """Where the copy's bundle belongs."""
    return program.parent / "__pycache__" / f"bundle.{sys.implementation.cache_tag}"


def uses(shim: "subprocess.Popen[bytes]", bundle: Path) -> bool:
    """Tell whether a shim holds a bundle open."""
    files = Path(f"/proc/{shim.pid}/fd").iterdir()
    return any(os.path.realpath(file) == str(bundle) for file in files)


@pytest.fixture
def bundled(copy: Path, tmp_path: Path) -> Path:
    """Have a shim whose bundle has been made by its first run."""
    run = Run(tmp_path / "first")
    shim = start(run, copy)
    wait_for(bundle_of(copy).exists, "the bundle")
    assert not uses(shim, bundle_of(copy))
    end(run, shim)
    (run.work / "go").unlink()
    return copy


def test_bundle_is_used(run: Run, bundled: Path) -> None:
    """From the second run on nothing else is read."""
    shim = start(run, bundled)
    assert uses(shim, bundle_of(bundled))
    end(run, shim)


@pytest.mark.parametrize("killed", [False, True])
def test_code_vanishes(run: Run, bundled: Path, killed: bool) -> None:
    """An upgrade underneath a run changes nothing for it, not even where a shim is killed."""
    shim = start(run, bundled)
    run.printed("up")
    shutil.rmtree(bundled.parents[2])
    if killed:
        os.kill(run.started()["shim"][1], signal.SIGKILL)
        assert run.exit()["reason"] == "ShimLost"
        shim.wait(10)
    else:
        end(run, shim)


def test_changed_source(run: Run, bundled: Path) -> None:
    """A bundle of other sources is not used, and made anew."""
    before = bundle_of(bundled).read_bytes()
    source = bundled.parent / "record.py"
    source.write_text(source.read_text().replace('"Exited"', '"Ended"'))
    shim = start(run, bundled)
    wait_for(lambda: bundle_of(bundled).read_bytes() != before, "a new bundle")
    end(run, shim)
    assert run.exit()["reason"] == "Ended"


@pytest.mark.parametrize("content", [b"", b"\0" * 20_000, b"no code", b"\xf3"])
def test_broken_bundle(run: Run, bundled: Path, content: bytes) -> None:
    """A bundle that cannot be read is none, and made anew."""
    bundle_of(bundled).write_bytes(content)
    shim = start(run, bundled)
    wait_for(lambda: bundle_of(bundled).read_bytes() != content, "a new bundle")
    end(run, shim)


@pytest.mark.parametrize("rest", ["missing", "zeros", "half"])
def test_broken_behind_its_header(run: Run, bundled: Path, rest: str) -> None:
    """A bundle of which a loss of power left the header alone spoils no run."""
    whole = bundle_of(bundled).read_bytes()
    kept = len(whole) // 2 if rest == "half" else 16_384
    bundle_of(bundled).write_bytes(
        whole[:kept] + b"\0" * ((len(whole) - kept) if rest == "zeros" else 0)
    )
    shim = start(run, bundled)
    if rest != "zeros":
        wait_for(lambda: bundle_of(bundled).stat().st_size > kept, "a new bundle")
    end(run, shim)


def test_left_by_the_dead(run: Run, bundled: Path) -> None:
    """A bundle that somebody was making long ago does not keep others from it for ever."""
    bundle_of(bundled).unlink()
    new = bundle_of(bundled).with_name(bundle_of(bundled).name + ".new")
    new.touch()
    shim = start(run, bundled)
    end(run, shim)
    assert new.exists()  # somebody may be at it
    os.utime(new, (0, 0))
    for name in ("started.json", "exit.json"):
        (run.folder / name).unlink()
    (run.work / "go").unlink()
    shim = start(run, bundled)
    end(run, shim)
    assert not new.exists()


def test_no_room_for_it(run: Run, copy: Path) -> None:
    """Where no cache can be written, as in a system's package, the shim does without."""
    (copy.parent / "__pycache__").touch()
    shim = start(run, copy)
    end(run, shim)
    assert not bundle_of(copy).exists()
