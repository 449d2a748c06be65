"""The registry knows each kind of source, and loads none before it is used."""

import subprocess
import sys

import pytest

from controller.sources.csv_file import CsvFile
from controller.sources.registry import SOURCES, source_class


def test_a_kind_is_a_class() -> None:
    """The word of the settings gives the class."""
    assert source_class("csv") is CsvFile


@pytest.mark.parametrize("kind", SOURCES)
def test_a_class_says_its_own_kind(kind: str) -> None:
    """The registry's word and the class's own are one."""
    assert vars(source_class(kind))["kind"] == kind


def test_no_source_is_loaded_before_it_is_used() -> None:
    """Looking at the registry imports no source's module."""
    program = (
        "import sys, controller.sources.registry;"
        "sys.exit('controller.sources.csv_file' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
