"""Which credentials there are for Google's Sheets, found without a library or the network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.files import read_small
from controller.sources.base import SourceUnavailable

JSON_VARIABLE = "SIDEKICK_SHEETS_CREDENTIALS"
KEY_VARIABLE = "SIDEKICK_SHEETS_API_KEY"
VARIABLES = (JSON_VARIABLE, KEY_VARIABLE)
"""Secrets that no config.yaml should hold: a key file's whole JSON, an API key."""

_SAMPLE = "see docs/google-sheets.md"


class CredentialsInvalid(SourceUnavailable):
    """What was found is no credential, or none at all was found."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where credentials are; what they hold is read when they are used.

    Attributes:
        where: For a person: the setting, the variable or the file.
        file: The file that holds them, or None.
        text: Their JSON, where a variable holds it.
        key: An API key: public sheets can be read with it, and none written.
    """

    where: str
    file: Path | None = None
    text: str = ""
    key: str = ""

    def info(self) -> dict[str, Any]:
        """What they hold; nothing for an API key.

        Raises:
            CredentialsInvalid: The file cannot be read, or it holds no credentials.
        """
        if self.key:
            return {}
        try:
            content = read_small(self.file).decode() if self.file else self.text
            found = json.loads(content)
        except OSError as error:
            text = f"{self.where}: {error.strerror}; {_SAMPLE}"
            raise CredentialsInvalid("CredentialsUnreadable", text) from error
        except (ValueError, RecursionError) as error:
            text = f"{self.where}: it is no JSON; take the file as Google gave it"
            raise CredentialsInvalid("CredentialsInvalid", text) from error
        if not isinstance(found, dict):
            text = f"{self.where}: it holds no credentials; take the file as Google gave it"
            raise CredentialsInvalid("CredentialsInvalid", text)
        if "installed" in found or "web" in found:
            text = (
                f"{self.where}: it names an OAuth client and no account; make a service account "
                f"and take its key, {_SAMPLE}"
            )
            raise CredentialsInvalid("CredentialsInvalid", text)
        return found

    def account(self) -> str:
        """Whom a sheet must be shared with; empty where no address is known.

        Raises:
            CredentialsInvalid: As `info`.
        """
        address = self.info().get("client_email", "")
        return address if isinstance(address, str) else ""


def find_credentials(file: Path | None, environment: Mapping[str, str]) -> Credentials | None:
    """The credentials to use, in the order that people expect; None where there are none.

    The setting's file; JSON in a variable; Google's own variable and gcloud's file (ADC); gspread's
    files, the service account before the authorised user; an API key.

    Args:
        file: `priority_source.sheets.credentials_file`.
        environment: The process's environment.
    """
    if file is not None:
        return Credentials(f"credentials_file {file}", file)
    if text := environment.get(JSON_VARIABLE, "").strip():
        return Credentials(JSON_VARIABLE, text=text)
    name = "GOOGLE_APPLICATION_CREDENTIALS"
    if path := environment.get(name, "").strip():
        return Credentials(f"{name} {path}", Path(path))
    for usual in _usual(environment):
        if usual.is_file():
            return Credentials(str(usual), usual)
    if key := environment.get(KEY_VARIABLE, "").strip():
        return Credentials(KEY_VARIABLE, key=key)
    return None


def _usual(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where gcloud and gspread keep theirs."""
    home = Path(environment.get("HOME") or "/nonexistent")
    cloud = Path(environment.get("CLOUDSDK_CONFIG") or home / ".config" / "gcloud")
    sheets = home / ".config" / "gspread"
    return (
        cloud / "application_default_credentials.json",
        sheets / "service_account.json",
        sheets / "authorized_user.json",
    )
