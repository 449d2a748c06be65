"""Fetch uv's wheel from PyPI and unpack the program: for Pythons that come without pip."""

import hashlib
import io
import json
import os
import platform
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

DEADLINE = 60
INDEX = (
    os.environ.get("UV_DEFAULT_INDEX")
    or os.environ.get("PIP_INDEX_URL")
    or "https://pypi.org/simple"
)


def main(version: str, folder: Path) -> None:
    """Put uv of that version into the folder, its digest checked against the index's."""
    files = json.loads(fetch(f"{INDEX.rstrip('/')}/uv/", "application/vnd.pypi.simple.v1+json"))[
        "files"
    ]
    wheel = next(file for file in files if fits(file["filename"], version))
    content = fetch(urljoin(f"{INDEX.rstrip('/')}/uv/", wheel["url"]), "*/*")
    if hashlib.sha256(content).hexdigest() != wheel["hashes"]["sha256"]:
        sys.exit(f"{wheel['filename']} is not what the index says it is")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".data/scripts/uv"))
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "uv"
        program.write_bytes(archive.read(name))
        program.chmod(0o755)


def fetch(url: str, accept: str) -> bytes:
    """What the address holds."""
    request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 - https
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310 - https
        content: bytes = answer.read()
    return content


def fits(filename: str, version: str) -> bool:
    """Whether a file is the version's wheel for this machine and its C library."""
    library = "musllinux" if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "") else "many"
    wanted = (f"uv-{version}-", library, f"_{platform.machine()}.")
    return all(part in filename for part in wanted)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
