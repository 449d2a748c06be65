"""Addresses: read from a file, and what of them is a secret."""

import os
from pathlib import Path

import pytest

from controller.notify.addresses import (
    MOST,
    Address,
    AddressesUnreadable,
    read_addresses,
    secrets_of,
)
from controller.redaction import Redactor


def test_a_file(tmp_path: Path) -> None:
    """One a line, with its place; comments and empty lines are none, a BOM is understood."""
    file = tmp_path / "urls"
    file.write_text("\ufeff# phone\nntfy://ntfy.sh/one\n\n  json://host/two  \n", encoding="utf-8")
    assert [(found.url, found.place) for found in read_addresses(file)] == [
        ("ntfy://ntfy.sh/one", f"{file}:2"), ("json://host/two", f"{file}:4"),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"a://b\n" * (MOST + 1)])
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    """It is told with its path and the setting, and without its content."""
    file = tmp_path / "urls"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AddressesUnreadable) as caught:
        read_addresses(file)
    assert str(file) in caught.value.message
    assert "notifications.urls_file" in caught.value.message
    assert "a://b" not in caught.value.message


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """Nobody is waited for."""
    os.mkfifo(tmp_path / "urls")
    with pytest.raises(AddressesUnreadable):
        read_addresses(tmp_path / "urls")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("json://me:correcthorse@host/x", "correcthorse"),
        ("json://me:p%40ssw0rd99@host/x", "p@ssw0rd99"),
        ("ntfy://tk_abc123def456@ntfy.sh/x", "tk_abc123def456"),
        ("ntfy://ntfy.sh/my-secret-topic", "my-secret-topic"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "TIiajkdnlazkcOXrIdevi7FQ"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544", "abcdefg_hijklmnop"),
        ("sendgrid://SG.aBc.dEf12:me@x.org", "SG.aBc.dEf12"),
        ("json://host/?+Authorization=Bearer%20s3cr3ts3cr3t", "Bearer s3cr3ts3cr3t"),
        ("json://host/#fr4gm3nt-k3y", "fr4gm3nt-k3y"),
        ("broken://[me:hunter22hunter22@x", "broken://[me:hunter22hunter22@x"),
    ],
)
def test_what_is_a_secret(url: str, secret: str) -> None:
    """Passwords and keys wherever they stand, as written and as meant."""
    redactor = Redactor(part.encode() for part in secrets_of(url))
    assert secret not in redactor.text(f"it was {secret}, and all of it {url}")


@pytest.mark.parametrize("word", ["notifications", "hooks.example.com", "markdown", "webhooks"])
def test_what_is_none(word: str) -> None:
    """Plain words and hosts, which other texts have too."""
    url = f"json://hooks.example.com/{word}/?format=markdown"
    redactor = Redactor(part.encode() for part in secrets_of(url))
    assert redactor.text(f"a {word} here") == f"a {word} here"


def test_an_address_tells_nothing_of_itself() -> None:
    """Neither where it is printed, nor by what tells it from others."""
    address = Address("json://me:hunter22hunter22@host", "config.yaml:3")
    assert "hunter22" not in repr(address) + address.digest
    assert address.digest != Address("json://me:other@host", "config.yaml:3").digest
