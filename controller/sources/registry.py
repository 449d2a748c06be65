"""Which word of `priority_source.type` is which class.

A class is imported only when its kind is used: a source may need a heavy library. A new source
is one file and one line here. The in-memory twin is not listed: nobody wants nothing by mistake.
"""

import importlib
from collections.abc import Callable
from typing import cast

from controller.sources.base import Source

SOURCES = {
    "csv": "controller.sources.csv_file:CsvFile",
    "sheets": "controller.sources.google_sheets:GoogleSheet",
}


def source_class(kind: str) -> Callable[..., Source]:
    """The class for a kind of `SOURCES`, to be called with that kind's own arguments."""
    module, _, name = SOURCES[kind].partition(":")
    return cast("Callable[..., Source]", getattr(importlib.import_module(module), name))
