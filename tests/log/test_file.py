"""The log's file on a full disk: what it does not take is told once, where people look."""

import logging
from contextlib import suppress
from pathlib import Path

import pytest

from controller.log.file import LogFile


def test_a_full_disk_is_told_once_and_its_end_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line of a traceback, and no error for whoever logs; /dev/full is such a disk."""
    path = tmp_path / "x.log"
    file = LogFile(path, logging.StreamHandler())
    logger = logging.Logger("x")
    logger.addHandler(file)
    logger.warning("one")
    file.close()
    path.rename(tmp_path / "kept")
    path.symlink_to("/dev/full")
    for number in range(50):
        logger.warning("lost %d", number)
    with suppress(OSError):
        file.close()
    path.unlink()
    logger.warning("two")
    logger.warning("three")
    file.close()

    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "No space left on device; the log is here alone" in said[0]
    assert "about 50 lines are missing" in said[1]
    lines = path.read_text().splitlines()
    assert [line for line in lines if "missing" not in line][-2:] == ["two", "three"]
    assert sum("lines are missing" in line for line in lines) == 1
