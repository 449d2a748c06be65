"""What goes wrong with Google, in words of ours: a reason, what happened, what to do."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from google.auth import exceptions as auth
from gspread.exceptions import APIError
from requests import exceptions as web

from controller.core.faults import shorten
from controller.sources.base import SourceUnavailable

_LONGEST_PAUSE_S = 3600.0


class SheetFault(SourceUnavailable):
    """Google did not do what it was asked for.

    Attributes:
        permanent: Trying again soon would be in vain: somebody must change something.
        refused: Nothing was done, for sure.
        retry_after: Seconds that Google wants to be left alone, or None.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        permanent: bool = False,
        refused: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, message)
        self.permanent = permanent
        self.refused = refused or permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Subject:
    """What the messages are about.

    Attributes:
        sheet: The sheet, for a person.
        account: Whom it must be shared with; empty where nobody knows.
        where: Where the credentials are.
    """

    sheet: str
    account: str
    where: str

    @property
    def share(self) -> str:
        """What to do where the sheet cannot be had."""
        if self.account:
            return f"share the sheet with {self.account}, as an editor"
        return "share the sheet with the account of the credentials"


STUMBLES = (
    *(auth.GoogleAuthError, APIError, web.RequestException),
    *(ValueError, TypeError, KeyError, AttributeError, RecursionError),
)
"""Whatever gspread and what it stands on raise where a call failed; the latter ones of answers that
are none of Google's."""


def fault_of(error: Exception, about: Subject, status: int) -> SheetFault:
    """What an error means.

    Args:
        error: One of `STUMBLES`.
        about: What the message is about.
        status: The HTTP status of the newest answer; 0 for none.
    """
    if isinstance(error, auth.TransportError):
        return _no_network(about, error)
    if isinstance(error, auth.RefreshError):
        return _no_token(error, about)
    if isinstance(error, auth.GoogleAuthError):
        text = f"{about.where}: {_short(error)}; take the file as Google gave it"
        return SheetFault("CredentialsInvalid", text, permanent=True)
    if isinstance(error, APIError):
        return _refused(error, about)
    if isinstance(error, web.Timeout):
        text = f"Google did not answer in time about {about.sheet}; it is tried again"
        return SheetFault("SheetTimeout", text)
    if isinstance(error, web.RequestException) and not isinstance(error, ValueError):
        return _no_network(about, error)
    return unreadable(about, status)


def unreadable(about: Subject, status: int) -> SheetFault:
    """An answer that Google would not give."""
    text = (
        f"what answered about {about.sheet} (status {status or 'unknown'}) did not answer as "
        "Google does; perhaps a proxy or a login page stands between. It is tried again"
    )
    return SheetFault("AnswerUnreadable", text)


def _no_network(about: Subject, error: Exception) -> SheetFault:
    text = (
        f"Google cannot be reached for {about.sheet} ({type(error).__name__}); check the network, "
        "the proxy and the clock. It is tried again"
    )
    return SheetFault("NetworkUnavailable", text)


def _no_token(error: auth.RefreshError, about: Subject) -> SheetFault:
    said = _short(error)
    low = said.lower()
    if error.retryable:
        text = f"Google gives no access token just now ({said}); it is tried again"
        return SheetFault("TokenUnavailable", text)
    if "short-lived" in low or "timeframe" in low or "iat" in low.split():
        text = "Google finds this machine's clock wrong; set it right (timedatectl, NTP)"
        return SheetFault("ClockSkew", text, permanent=True)
    if "signature" in low:
        text = f"Google does not know the key in {about.where} any more; make a new one"
        return SheetFault("KeyRevoked", text, permanent=True)
    if "account not found" in low or "invalid_client" in low or "disabled" in low:
        who = about.account or "the account"
        text = f"Google does not know {who} of {about.where}; make a new account or key"
        return SheetFault("AccountGone", text, permanent=True)
    if "expired or revoked" in low:
        text = f"the sign-in in {about.where} has ended; sign in again, or use a service account"
        return SheetFault("TokenRevoked", text, permanent=True)
    text = f"Google refuses the credentials in {about.where}: {said}; make a new key"
    return SheetFault("CredentialsRefused", text, permanent=True)


def _refused(error: APIError, about: Subject) -> SheetFault:
    status = error.response.status_code
    message = _message(error)
    low = message.lower()
    if status == 429 or (status == 403 and _is_quota(error, low)):
        text = f"Google's quota is used up for this minute ({message}); it is tried again"
        pause = _retry_after(error)
        return SheetFault("QuotaExceeded", text, refused=True, retry_after=pause)
    if status >= 500 or status in (408, 409):
        text = f"Google is in trouble (status {status}) with {about.sheet}; it is tried again"
        return SheetFault("GoogleUnavailable", text, retry_after=_retry_after(error))
    make = _ANSWERS.get(status)
    if make is None:
        return unreadable(about, status)
    reason, text = make(about, low, message)
    return SheetFault(reason, text, permanent=True)


def _bad_request(about: Subject, low: str, message: str) -> tuple[str, str]:
    if "api key" in low:
        return "ApiKeyInvalid", f"{about.where}: Google does not know this API key; make a new one"
    if "unable to parse range" in low:
        return "TabMissing", f"{about.sheet} has no such tab any more; correct worksheet_name"
    if "protected" in low:
        text = (
            f"{about.sheet} is protected: no status can be written; let the account edit it "
            f"(Data, Protect sheets and ranges), or {about.share}"
        )
        return "SheetReadOnly", text
    if "not supported for this document" in low:
        text = (
            f"{about.sheet} is an Office file in Drive, and no Google Sheet; open it there and "
            "choose File, Save as Google Sheets, then use the new address"
        )
        return "NotASheet", text
    return "SheetRefused", f"Google refuses what it was asked about {about.sheet}: {message}"


def _unauthenticated(about: Subject, _low: str, _message: str) -> tuple[str, str]:
    text = f"Google refuses the access token of {about.where}; check the clock, or make a new key"
    return "CredentialsRefused", text


def _forbidden(about: Subject, low: str, message: str) -> tuple[str, str]:
    if "has not been used" in low or "disabled" in low:
        text = "the Google Sheets API is off in the credentials' project; switch it on: "
        return "ApiDisabled", f"{text}{message}"
    if "scope" in low:
        text = f"the sign-in in {about.where} does not allow Sheets; use a service account's key"
        return "ScopeMissing", text
    return "NotShared", f"{about.sheet} may not be used; {about.share}"


def _not_found(about: Subject, _low: str, _message: str) -> tuple[str, str]:
    text = f"there is no sheet {about.sheet}; correct priority_source.sheets, or {about.share}"
    return "SheetNotFound", text


_ANSWERS: dict[int, Callable[[Subject, str, str], tuple[str, str]]] = {
    400: _bad_request, 401: _unauthenticated, 403: _forbidden, 404: _not_found,
}  # fmt: skip


def _is_quota(error: APIError, low: str) -> bool:
    said = _said(error)
    details = json.dumps([said.get("details"), said.get("errors")])
    words = ("rate_limit", "ratelimit", "quota")
    return any(word in low or word in details.lower() for word in words)


def _message(error: APIError) -> str:
    return shorten(str(_said(error).get("message", "")), 200)


def _said(error: APIError) -> Mapping[str, Any]:
    """The error's own object, where it is one."""
    said: object = error.error
    return said if isinstance(said, dict) else {}


def _retry_after(error: APIError) -> float | None:
    """Seconds that the answer's Retry-After asks for: a number, or a date."""
    text = error.response.headers.get("Retry-After", "")
    pause = None
    with suppress(ValueError, TypeError):
        pause = float(text) if text.strip().isdigit() else parsedate_to_datetime(text).timestamp()
        if not text.strip().isdigit():
            pause -= time()
    return None if pause is None else min(max(pause, 0.0), _LONGEST_PAUSE_S)


def _short(error: Exception) -> str:
    return shorten(str(error.args[0]) if error.args else type(error).__name__, 160)
