"""A bench for every family, with the mock and a tmux server of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents_real.bench import Bench, need, skip_what_differs
from tests.agents_real.families import FAMILIES
from tests.mock_claude.conftest import Mock, mock, server  # noqa: F401 - fixtures
from tests.shim.world import Tmux, tmux_server


@pytest.fixture(scope="session")
def tmux() -> Iterator[Tmux]:
    """One server for all sessions."""
    with tmux_server() as ours:
        yield ours


@pytest.fixture(params=FAMILIES)
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    mock: Mock,  # noqa: F811
    tmux: Tmux,
) -> Iterator[Bench]:
    """The bench of a family; what it leaves out of a scenario is skipped in one line."""
    family = FAMILIES[request.param]
    need(family)
    skip_what_differs(request, family)
    bench = Bench(tmp_path, family, mock, tmux)
    try:
        yield bench
    finally:
        bench.close()
