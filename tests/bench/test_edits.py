"""A user who saves all the time, in every way, beside a real controller: nothing is lost."""

import pytest

from bench.clock import Unavailable
from bench.options import Options
from bench.rows.edits import measure


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_edit_is_lost_and_no_agent_works_twice() -> None:
    """The short run of the row `edits`; how many edits a second there are says nothing here."""
    try:
        rate, lost, renamed, torn, again, _ = measure(Options(rounds=6))
    except Unavailable as error:
        pytest.skip(str(error))

    assert rate.ours
    assert lost.ours == 0, rate.note
    assert renamed.ours is not None
    assert renamed.ours <= 1, rate.note
    assert torn.ours == 0
    assert again.ours == 0
