"""Service accounts and their tokens."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

EMAIL = "sidekick@example-project.iam.gserviceaccount.com"


@cache
def _key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # quick to load
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(url: str, email: str = EMAIL) -> dict[str, str]:
    """What Google's console gives for a service account, with a token endpoint of ours."""
    return {
        "type": "service_account",
        "project_id": "example-project",
        "private_key_id": "1",
        "private_key": _key(),
        "client_email": email,
        "client_id": "1",
        "token_uri": f"{url}/token",
    }


def write_key(path: Path, url: str, email: str = EMAIL) -> Path:
    """The same as a file."""
    path.write_text(json.dumps(service_account(url, email)), encoding="utf-8")
    path.chmod(0o600)
    return path


def claims(assertion: str) -> dict[str, Any]:
    """What a signed assertion says; its signature is not looked at."""
    part = assertion.split(".")[1]
    padded = part + "=" * (-len(part) % 4)
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded))
    return found
