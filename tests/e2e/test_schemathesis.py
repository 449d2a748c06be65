"""The API of a real controller against its own description, as schemathesis tries it."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.lab import Lab

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
DESCRIPTION = "/api/v1/openapi.json"


def tried(lab: Lab, description: str, *arguments: str) -> str:
    """What it says; a finding, with how to see it again, fails the test."""
    done = subprocess.run(
        [SCHEMATHESIS, "run", description, "--checks", "all", "--max-examples", "10",
         "--warnings", "off", "--continue-on-failure", "--no-color",
         "--request-timeout", "15", *arguments],
        cwd=lab.root, env={"PATH": lab.environment["PATH"], "HOME": str(lab.root)},
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout
    return done.stdout


@pytest.fixture
def fleet(lab: Lab) -> Lab:
    """A controller's folder with projects of several kinds."""
    lab.settle_in(
        "Works,1,Pending,,,sleep 1000,,,,",
        "Rests,2,Paused,,,sleep 1000,,,,",
        "Typo,x,Pending,,,go,,,,",
        "A/b ä%,3,Completed,,,go,,,,",
    )
    return lab


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_with_the_token(fleet: Lab) -> None:
    """Every operation, whatever it is asked, answers as described, and refuses what is wrong.

    All but the stream of events, whose answer has no end; tests/server tries that.
    """
    fleet.start()
    fleet.wait_reason("Works", "Running")
    token = (fleet.root / "state" / "token").read_text().strip()
    said = tried(
        fleet, fleet.url() + DESCRIPTION,
        "--exclude-operation-id", "followEvents", "-H", f"Authorization: Bearer {token}",
    )  # fmt: skip
    assert "Stateful" in said
    assert fleet.get("/healthz") is not None
    assert "Traceback" not in fleet.output()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_the_token(fleet: Lab) -> None:
    """Off loopback nothing is told or done without it, and even that is as described."""
    fleet.environment["SIDEKICK_SERVER_HOST"] = "0.0.0.0"
    fleet.start_unready()
    fleet.wait_reason("Works", "Running")
    assert fleet.get(DESCRIPTION) is None
    token = (fleet.root / "state" / "token").read_text().strip()
    request = urllib.request.Request(fleet.url() + DESCRIPTION)
    request.add_header("Authorization", f"Bearer {token}")
    description = fleet.root / "openapi.json"
    with urllib.request.urlopen(request, timeout=10) as answer:
        description.write_bytes(answer.read())
    before = fleet.rows()
    tried(fleet, str(description), "--url", fleet.url())
    assert fleet.rows() == before
    assert fleet.output().count("wrong token") <= 5
