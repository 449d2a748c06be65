"""The token: made once, kept for its owner alone, and never a guessable one."""

import os
import stat
from pathlib import Path

import pytest

from controller.server import read_token
from controller.server.token import TokenUnavailable

GIVEN = "A-._~+/z" * 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the token will be; its folder does not exist yet."""
    return tmp_path / "state" / "token"


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_first_start(path: Path, umask: int) -> None:
    """A token is made for the owner alone, whatever the umask, and nothing else is left behind."""
    before = os.umask(umask)
    try:
        token = read_token(path)
    finally:
        os.umask(before)
    assert len(token) == 43
    assert path.read_text() == f"{token}\n"
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert [item.name for item in path.parent.iterdir()] == ["token"]


def test_the_next_start(path: Path) -> None:
    """It stays the same; another controller has another."""
    assert read_token(path) == read_token(path)
    assert read_token(path) != read_token(path.with_name("other"))


@pytest.mark.parametrize("text", [GIVEN, f"{GIVEN}==\n", f"  {GIVEN}\r\n"])
def test_a_given_token(path: Path, text: str) -> None:
    """A person may set a token of their own."""
    path.parent.mkdir()
    path.write_text(text)
    assert read_token(path) == text.strip()


@pytest.mark.parametrize("loose", [0o644, 0o660, 0o604, 0o777])
def test_a_loose_file(path: Path, loose: int, caplog: pytest.LogCaptureFixture) -> None:
    """A file that others may read is tightened, and the log says so, without the token."""
    path.parent.mkdir()
    path.write_text(GIVEN)
    path.chmod(loose)
    assert read_token(path) == GIVEN
    assert mode(path) == 0o600
    assert str(path) in caplog.text
    assert GIVEN not in caplog.text


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"short", b"x" * 31, b"two words " * 4, b"\xff" * 40, b"\0" * 40, b"x" * 5000,
     f"{GIVEN}\n{GIVEN}".encode(), "ä".encode() * 40],
)  # fmt: skip
def test_a_file_without_a_token(path: Path, content: bytes) -> None:
    """What is no token is refused with what to do, and stays as it is."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(TokenUnavailable) as caught:
        read_token(path)
    assert caught.value.reason == "TokenInvalid"
    assert str(path) in caught.value.message
    assert "delete it" in caught.value.message
    assert path.read_bytes() == content


def test_no_file_at_all(path: Path) -> None:
    """What cannot be read is told with its path."""
    path.mkdir(parents=True)
    with pytest.raises(TokenUnavailable) as caught:
        read_token(path)
    assert caught.value.reason == "TokenUnavailable"
    assert f"{path}: Is a directory" in caught.value.message


def test_no_folder(path: Path) -> None:
    """Where nothing can be made, that is told."""
    path.parent.write_text("a file")
    with pytest.raises(TokenUnavailable) as caught:
        read_token(path)
    assert "Not a directory" in caught.value.message


def test_a_broken_start(path: Path) -> None:
    """What an interrupted start left behind is in nobody's way."""
    path.parent.mkdir()
    path.with_name(".token.new").write_text("half")
    assert len(read_token(path)) == 43
    assert [item.name for item in path.parent.iterdir()] == ["token"]
