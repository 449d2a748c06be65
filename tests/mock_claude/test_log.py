"""The mock's log: JSON lines where no terminal is, as people know uvicorn's on demand."""

import json
import os
import subprocess
import sys
from datetime import datetime

from tests.mock_claude.conftest import ROOT


def printed(*arguments: str) -> tuple[str, str]:
    """What a mock prints from its start to its end: standard output, standard error."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_claude", "--port", "0", *arguments], cwd=ROOT,
        env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    stream = process.stderr if arguments else process.stdout
    assert stream is not None
    said = ""
    while "running on" not in said:
        line = stream.readline()
        assert line, "it ended"
        said += line
    process.terminate()
    out, err = process.communicate(timeout=20)
    return (out, said + err) if arguments else (said + out, err)


def test_lines_are_objects_where_no_terminal_is() -> None:
    """With the fields of the controller's log, until its end."""
    out, err = printed()
    assert err == ""
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) > 2
    for line in lines:
        assert list(line) == ["event", "timestamp", "level", "logger"]
        assert datetime.fromisoformat(line["timestamp"]).tzinfo
        assert line["level"] == "info"


def test_text_is_there_on_demand() -> None:
    """As uvicorn prints it."""
    out, err = printed("--log-format", "text")
    assert out == ""
    assert err.startswith("INFO:")
