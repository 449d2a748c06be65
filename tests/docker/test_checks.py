"""The health checks of our images: asking for ever costs little."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.docker.test_files import ROOT

HEAVY = {"pydantic", "jsonschema", "yaml", "rich", "starlette", "structlog", "libtmux"}
"""What takes so long to import that a busy machine would not come to an answer in time."""


def asked_by(stage: str) -> list[str]:
    """The argv of an image's health check."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (part,) = (p for p in re.split(r"(?m)^FROM ", text) if f" AS {stage}\n" in p)
    found = re.search(r"HEALTHCHECK .*\\\n +CMD (\[.+\])\n", part)
    assert found is not None
    return [str(word) for word in json.loads(found[1])]


def test_the_controllers_check_is_a_quick_one() -> None:
    """What it says, and how little it imports, is held by the tests of the command."""
    assert asked_by("controller") == ["sidekick", "status", "--quiet"]


def test_the_hosts_check_imports_little(tmp_path: Path) -> None:
    """It says no where nobody listens, and does so without what only the host itself needs."""
    program, *rest = asked_by("agents")
    assert program.endswith("/python")
    code = (
        "import runpy, sys\n"
        f"sys.argv[1:] = [*{rest[2:]!r}, '--socket', {str(tmp_path / 'none')!r}]\n"
        f"try: runpy.run_module({rest[1]!r}, run_name='__main__')\n"
        "except SystemExit as end: print(end.code, *sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20,
        check=True,
    )  # fmt: skip
    answer, *modules = done.stdout.split()
    assert answer == "1"
    assert "controller.host.server" in modules
    assert not HEAVY & set(modules)
