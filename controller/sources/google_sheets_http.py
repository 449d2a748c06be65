"""The way to Google: gspread's own client with deadlines, and who asks."""

from collections.abc import Callable
from typing import Any

from google.auth.api_key import Credentials as ApiKey
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials as AuthorisedUser
from google.oauth2.service_account import Credentials as ServiceAccount
from gspread.http_client import HTTPClient
from requests import Response

from controller.sources.google_sheets_credentials import Credentials

SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
TITLES_SCOPE = "https://www.googleapis.com/auth/drive.metadata.readonly"
"""Only to find a sheet by its title."""
CONNECT_S = 5.0
ANSWER_S = 30.0

_BASES = ("https://sheets.googleapis.com", "https://www.googleapis.com")


class SheetsHttp(HTTPClient):
    """gspread's own client, at an address that may be another, with deadlines."""

    def __init__(self, credentials: Any, endpoint: str, count: Callable[[str], None]) -> None:
        session = AuthorizedSession(credentials, refresh_timeout=int(ANSWER_S))  # type: ignore[no-untyped-call] # google-auth's
        super().__init__(credentials, session=session)
        self.set_timeout((CONNECT_S, ANSWER_S))
        self.status = 0
        self.closed = False
        self._endpoint = endpoint
        self._count = count

    def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> Response:
        """Ask, and count the answer; see gspread's own.

        Raises:
            TypeError: It is closed.
        """
        if self.closed:
            raise TypeError("closed")
        for base in _BASES:
            if self._endpoint and endpoint.startswith(base):
                endpoint = self._endpoint + endpoint.removeprefix(base)
        self.status = 0
        self.session.hooks["response"] = [self._answered]
        try:
            return super().request(method, endpoint, *args, **options)
        finally:
            if not self.status:
                self._count("error")

    def as_factory(self) -> Any:
        """What gspread's Client takes for a class of clients."""
        return lambda *_args, **_options: self

    def _answered(self, response: Response, *_args: Any, **_options: Any) -> None:
        self.status = response.status_code
        self._count(str(response.status_code))


class _Account(ServiceAccount):
    """A service account that asks for its tokens alone.

    google-auth would look up the regions that it may use, by a thread and a request of its own to
    another host; Sheets has no regions.
    """

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


def login(credentials: Credentials, *, by_title: bool) -> Any:
    """Google's own credentials.

    Raises:
        GoogleAuthError, ValueError, TypeError, KeyError: They are none.
    """
    if credentials.key:
        return ApiKey(credentials.key)  # type: ignore[no-untyped-call] # google-auth's
    info = credentials.info()
    scopes = [SHEETS_SCOPE, *([TITLES_SCOPE] if by_title else [])]
    kind = info.get("type", "authorized_user")  # gspread keeps its user's without a type
    if kind == "service_account":
        return _Account.from_service_account_info(info, scopes=scopes)  # type: ignore[no-untyped-call] # google-auth's
    if kind == "authorized_user":
        return AuthorisedUser.from_authorized_user_info(info, scopes)  # type: ignore[no-untyped-call]
    raise ValueError(kind)
