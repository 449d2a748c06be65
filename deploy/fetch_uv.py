"""Fetch uv's wheel from PyPI and unpack the program: for Pythons that come without pip."""

import hashlib
import io
import json
import platform
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path

DEADLINE = 60


def main(version: str, folder: Path) -> None:
    """Put uv of that version into the folder, its digest checked against PyPI's."""
    index = f"https://pypi.org/pypi/uv/{version}/json"
    with urllib.request.urlopen(index, timeout=DEADLINE) as answer:
        files = json.load(answer)["urls"]
    wheel = next(file for file in files if fits(file["filename"]))
    with urllib.request.urlopen(wheel["url"], timeout=DEADLINE) as answer:  # noqa: S310 - https
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        sys.exit(f"{wheel['filename']} is not what PyPI says it is")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".data/scripts/uv"))
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "uv"
        program.write_bytes(archive.read(name))
        program.chmod(0o755)


def fits(filename: str) -> bool:
    """Whether a wheel is for this machine and its C library."""
    library = "musllinux" if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "") else "many"
    return f"_{platform.machine()}" in filename and library in filename


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
