"""An agent that prints the secrets that it was given: nobody else hears of them."""

import json

import pytest

from tests.e2e.lab import SIDEKICK, Lab, wait_for

PASSED, SET, OWN = "canary-passed-81f3", "canary-set-0c77", "canary-own-6b20"
SHAPED = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


@pytest.mark.slow
def test_what_agents_print_and_report(lab: Lab) -> None:
    """No secret is in the log, the record, the events, the list, the memory or any answer."""
    lab.environment["MY_KEY"] = PASSED
    secrets = lab.root / "agent.env"
    secrets.write_text(f"OTHER={OWN}\n")
    secrets.chmod(0o600)
    script = lab.root / "say"
    every = f'"$MY_KEY $SET_KEY $OTHER {SHAPED}"'
    script.write_text(
        f"echo {every}\n{SIDEKICK} report progress {every}\n"
        f'printf \'{{"type": "report", "state": "progress", "message": "%s %s", "at": 1e9}}\\n\' '
        f'"$SET_KEY" {SHAPED} >>"$SIDEKICK_RUN_DIR/events.jsonl"\n'
        f"{SIDEKICK} report $1 {every}\nexec $2\n"
    )
    shell: dict[str, object] = {
        "command": ["sh", str(script), ["{prompt}"], "true"], "pass_environment": ["MY_KEY"],
        "environment": {"SET_KEY": SET}, "secrets_file": str(secrets), "slots": 9,
    }  # fmt: skip
    stays = {**shell, "command": ["sh", str(script), "{prompt}", "sleep 1000"]}
    lab.settle_in(
        "Ends,1,Pending,,,blocked,,,,",
        "Works,1,Pending,tty,,waiting,,,,",
        agents={"sh": shell, "tty": {**stays, "mode": "interactive"}},
    )
    lab.start()
    hidden = " ".join(["[redacted]"] * 4)
    assert hidden in lab.wait_status("Ends", "Blocked")["Reason"]
    assert hidden in lab.wait_status("Works", "Waiting")["Reason"]
    stars = " ".join("*" * len(each) for each in (PASSED, SET, OWN, SHAPED))
    wait_for("stars in the log", lambda: stars in lab.sidekick("logs", "Works").stdout)
    assert lab.sidekick("logs", "Ends").stdout == f"{hidden}\n"
    told = [lab.get("/metrics") or "", lab.get("/api/v1/projects") or ""]
    told += [lab.get(f"/api/v1/projects/{name}") or "" for name in ("Ends", "Works")]
    told += [
        lab.sidekick(*words.split(), check=True).stdout
        for words in ("describe Ends", "describe Works -o json", "events", "get -o json")
    ]
    assert json.loads(told[-1])["projects"]
    given = {"config.yaml", "agent.env", "say"}
    for path in lab.root.rglob("*"):
        # What an agent writes by itself into its folder, past everybody, is its own.
        if path.is_file() and path.name not in given | {"events.jsonl"}:
            told.append(path.read_text(errors="replace"))
    assert [each for each in told for word in (PASSED, SET, OWN, SHAPED) if word in each] == []
