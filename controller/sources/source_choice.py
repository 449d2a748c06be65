"""Which kind of list `auto` means, and why. It looks at files and variables alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.sources.google_sheets_address import SheetAddress
from controller.sources.google_sheets_credentials import find_credentials

_OWN = "priority_source.type says so"


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of list.

    Attributes:
        kind: "csv" or "sheets".
        why: For a person.
    """

    kind: str
    why: str


def choose(
    wanted: str, address: SheetAddress | None, file: Path | None, environment: Mapping[str, str]
) -> Choice:
    """The kind of list to use.

    Args:
        wanted: "csv", "sheets" or "auto": a sheet where one and credentials are configured.
        address: The sheet that the settings name, or None.
        file: The credentials' file that they name, or None.
        environment: The process's environment.
    """
    if wanted != "auto":
        return Choice(wanted, _OWN)
    if address is None:
        return Choice("csv", "auto: the settings name no sheet")
    found = find_credentials(file, environment)
    if found is None:
        return Choice("csv", "auto: a sheet is named, and there are no credentials for it")
    return Choice("sheets", f"auto: a sheet is named, and there are credentials ({found.where})")
