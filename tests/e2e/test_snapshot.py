"""Going back to a snapshot under work that goes on."""

import pytest

from tests.e2e.lab import Lab, wait_for

pytestmark = pytest.mark.slow


def test_agents_outlive_a_restore(lab: Lab) -> None:
    """A snapshot is taken beside the controller; restored, the agent that runs is found again.

    What the controller itself wrote into the list never comes back as the user's word.
    """
    lab.settle_in("Alpha,1,,,,sleep 600,,,")
    lab.start()
    lab.wait_status("Alpha", "In Progress")
    pids = wait_for("the agent", lab.agents)
    lab.sidekick("snapshot", "create", "then", check=True)
    lab.append("Beta,2,,,,true,,,")
    lab.wait_status("Beta", "Completed")
    refused = lab.sidekick("snapshot", "restore", "then")
    assert refused.returncode == 2
    assert "nothing was restored" in refused.stderr
    lab.stop()
    lab.sidekick("snapshot", "restore", "then", check=True)
    assert "Beta" not in lab.rows()
    lab.start()
    wait_for("adoption", lambda: "Alpha" in lab.sidekick("get", "Alpha").stdout)
    lab.wait_status("Alpha", "In Progress")
    assert lab.agents() == pids
    told = lab.sidekick("describe", "Alpha").stdout
    assert "StaleEdit" not in told
