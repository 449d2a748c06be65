"""Rows as old and new versions of tmux print them."""

import pytest

from controller.runtimes.tmux_listing import Parser


@pytest.mark.parametrize("separator", ["\x1f", "\\037"])
def test_both_forms_of_the_separator(separator: str) -> None:
    """Tmux up to 3.3 prints the separator as it is, 3.4 and newer as an octal escape."""
    mark = '{"owner":"me","run":"run-a"}'
    row = separator.join(("$1", "alpha", "%1", "42", "0", mark, "1700000000"))
    listing = Parser().read(["7.1700000000", row])
    assert listing is not None
    assert [(found.run, found.pid) for found in listing.sessions("me")] == [("run-a", 42)]
