"""The whole way under a real controller: to a limit and back, to a question and its answer."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents_real.bench import PROGRAMS, need, skip_what_differs
from tests.agents_real.families import FAMILIES, Family
from tests.e2e.lab import Lab, wait_for
from tests.mock_claude.conftest import Mock

pytestmark = [pytest.mark.slow, pytest.mark.agents, pytest.mark.timeout(500)]

HEADER = (
    "Project,Priority,Status,Agent,Last Update,Next Action,Deadline,GPU,Model,Reason,"
    "Credits Used,Proposed Next Action"
)
PATIENCE = 40.0
HEARD = 40.0
"""Seconds within which a failure is seen on a screen that no event tells of."""


def row(name: str, script: str, priority: int = 1, **more: str) -> str:
    """A row whose prompt holds a script for the model."""
    text = f"Begin {name}. [mock: {script}]".replace('"', '""')
    return f'{name},{priority},,{more.get("agent", "")},,"{text}",,,{more.get("model", "")},,,'


class Desk:
    """A lab whose agent is a real program, on the mock.

    Args:
        lab: The lab.
        mock: The API.
        family: The program's family.
    """

    def __init__(self, lab: Lab, mock: Mock, family: Family) -> None:
        self.lab = lab
        self.mock = mock
        self.family = family

    def begin(self, *rows: str, key: str = "sk-one", **settings: Any) -> None:
        """Write the list and the settings, and start the controller."""
        family = self.family
        agent = {
            "program": str(PROGRAMS / "bin" / family.program),
            "base_url": family.base_url(self.mock.url),
            "environment": {family.key: key},
            "arguments": list(family.arguments),
            **settings.pop("agent", {}),
        }
        agents = {family.name: agent, **settings.pop("agents", {})}
        times = {"tick": 1, "stop_grace": 2}
        chosen = {"default_agent": family.name, "times": times, **settings}
        self.lab.settle_in(*rows, header=HEADER, agents=agents, **chosen)
        self.lab.start()

    def begin_at_terminal(self, script: str) -> None:
        """Begin with one project whose agent is on its terminal."""
        models = {"Any": [{"agent": self.family.name, "model": self.family.model}]}
        agent: dict[str, Any] = {"mode": "interactive"}
        if self.family.name == "claude":  # of a subscription: it tells when a limit is over
            agent["environment"] = {self.family.key: "sk-ant-oat01-0123456789-0123456789"}
        self.begin(row("One", script, model="Any"), agent=agent, models=models)

    def folders(self, project: str) -> list[Path]:
        """The project's runs, the oldest first."""
        return [
            folder
            for folder in sorted((self.lab.root / "runs").iterdir())
            if json.loads((folder / "meta.json").read_text())["project"] == project
        ]

    def conversations(self, project: str) -> set[str]:
        """The conversations of the project's runs."""
        texts = [(folder / "meta.json").read_text() for folder in self.folders(project)]
        return {json.loads(text)["conversation"] for text in texts}

    def work(self, project: str, name: str) -> Path:
        """A file of the project's folder."""
        return self.lab.root / "workspaces" / project.lower() / name

    def pid(self, project: str) -> int:
        """The agent of the project's newest run, once its turn is under way."""
        stream = wait_for("its events", lambda: self._stream(project), PATIENCE)
        assert stream is not None
        started = json.loads((stream.parent / "started.json").read_text())
        return int(started["pid"])

    def _stream(self, project: str) -> Path | None:
        found = [f / "stream.jsonl" for f in self.folders(project)]
        return found[-1] if found and found[-1].exists() else None


@pytest.fixture
def desk(mock: Mock) -> Iterator[Desk]:
    """A desk with Claude Code; nothing of it is left."""
    yield from _set_up(FAMILIES["claude"], mock)


@pytest.fixture(params=FAMILIES)
def any_desk(request: pytest.FixtureRequest, mock: Mock) -> Iterator[Desk]:
    """A desk with each family."""
    family = FAMILIES[request.param]
    skip_what_differs(request, family)
    yield from _set_up(family, mock)


def _set_up(family: Family, mock: Mock) -> Iterator[Desk]:
    need(family)
    lab = Lab()
    try:
        yield Desk(lab, mock, family)
    finally:
        lab.close()


def test_a_row_is_worked_on_to_its_end(desk: Desk) -> None:
    """The file is written, the row says what was done, what it cost and what could be next."""
    script = 'write hello.txt "Hello"; run "sidekick report next Tests"; say "It is written."'
    desk.begin(row("One", script))
    found = desk.lab.wait_status("One", "Completed", PATIENCE)
    assert desk.work("One", "hello.txt").read_text() == "Hello"
    assert found["Reason"] == "Finished: It is written."
    assert found["Credits Used"].startswith("$")
    assert found["Proposed Next Action"] == "Tests"
    assert "Write" in desk.lab.sidekick("logs", "One").stdout
    assert not (desk.lab.root / ".claude").exists()


def test_a_limit_parks_the_agent_and_the_reset_brings_it_back(desk: Desk) -> None:
    """Through a restart of the controller; the same conversation, nothing done twice."""
    script = 'write a.txt "1"; fail usage_limit reset=40 times=1; write b.txt "2"; say "Both."'
    desk.begin(row("One", script), row("Two", 'say "Quick."', 5), slots=1)
    desk.lab.wait_reason("One", "UsageLimit", PATIENCE)
    desk.lab.wait_reason("Two", "UsageLimit", PATIENCE)
    told = desk.lab.sidekick("status").stdout
    assert "held        UsageLimit: claude" in told
    assert "sidekick_agent_held{" in str(desk.lab.get("/metrics"))
    desk.lab.stop(signal.SIGKILL)
    desk.lab.start()
    assert "goes on by itself" in desk.lab.rows()["One"]["Reason"]
    desk.lab.wait_status("One", "Completed", 90)
    desk.lab.wait_status("Two", "Completed", PATIENCE)
    assert len(desk.conversations("One")) == 1
    assert desk.work("One", "b.txt").read_text() == "2"
    writes = [r for r in desk.mock.requests() if "a.txt" in str(r["answer"])]
    assert len(writes) <= 1


def test_a_question_is_answered_in_the_same_conversation(desk: Desk) -> None:
    """The row waits, holds no slot, and the answer is the next turn."""
    script = 'run "sidekick report waiting Which?"; say "I wait."; write c.txt "x"; say "Done."'
    desk.begin(row("One", script), row("Two", 'say "Quick."', 5), slots=1)
    found = desk.lab.wait_status("One", "Waiting", PATIENCE)
    assert found["Reason"] == "AgentWaiting: Which?"
    desk.lab.wait_status("Two", "Completed", PATIENCE)
    refused = desk.lab.sidekick("answer", "Two", "no")
    assert (refused.returncode, "waits for no answer" in refused.stderr) == (1, True)
    desk.lab.sidekick("answer", "One", "the red one", check=True)
    desk.lab.wait_status("One", "Completed", PATIENCE)
    assert desk.work("One", "c.txt").read_text() == "x"
    assert len(desk.conversations("One")) == 1
    assert not json.loads((desk.lab.root / "state" / "answers.json").read_text())


def test_denied_work_is_told_and_not_called_done(desk: Desk) -> None:
    """A person is asked; what they allow in the settings is then done."""
    desk.begin(row("One", 'run "touch made.txt && ls /etc/hostname"; say "Made."'))
    found = desk.lab.wait_status("One", "Waiting", PATIENCE)
    assert found["Reason"].startswith("PermissionDenied: it was not allowed: Bash")


def test_a_refused_login_waits_for_another(desk: Desk) -> None:
    """Everybody waits, however often the loop turns; another key, and all go on."""
    desk.mock.ask("PUT", "/mock/credits", {"key": "sk-bad", "revoked": True})
    desk.begin(row("One", 'say "Done."'), row("Two", 'say "Done."', 5), key="sk-bad")
    desk.lab.wait_reason("One", "AuthFailed", PATIENCE)
    desk.lab.wait_reason("Two", "AuthFailed", PATIENCE)
    asked = len(desk.mock.requests())
    before = len(desk.folders("One"))
    desk.lab.sidekick("reconcile", check=True)
    assert (len(desk.mock.requests()), len(desk.folders("One"))) == (asked, before)
    settings = desk.lab.root / "config.yaml"
    settings.write_text(settings.read_text().replace("sk-bad", "sk-good"))
    desk.lab.wait_status("One", "Completed", PATIENCE)
    desk.lab.wait_status("Two", "Completed", PATIENCE)


def test_a_killed_agent_goes_on_where_it_was(desk: Desk) -> None:
    """Kill -9: a crash with a backoff, then the same conversation."""
    script = 'write a.txt "1"; say "Slowly." over=20; say "Done."'
    desk.begin(row("One", script))
    wait_for("the file", lambda: desk.work("One", "a.txt").exists(), PATIENCE)
    os.kill(desk.pid("One"), signal.SIGKILL)
    desk.lab.wait_reason("One", "CrashBackoff", PATIENCE)
    desk.lab.wait_status("One", "Completed", 90)
    assert len(desk.folders("One")) == 2
    assert len(desk.conversations("One")) == 1


def test_controller_killed(any_desk: Desk) -> None:
    """The next one finds the agent at work, or done, and starts it no second time."""
    desk = any_desk
    script = f'write {desk.work("One", "a.txt")} "1"; say "Slowly." over=6'
    models = {"Any": [{"agent": desk.family.name, "model": desk.family.model}]}
    desk.begin(row("One", script, model="Any"), models=models)
    wait_for("the file", lambda: desk.work("One", "a.txt").exists(), 2 * PATIENCE)
    desk.lab.stop(signal.SIGKILL)
    desk.lab.start()
    desk.lab.wait_status("One", "Completed", PATIENCE)
    assert len(desk.folders("One")) == 1


def test_terminal(any_desk: Desk) -> None:
    """On its terminal: a permission, a question at its turn's end, its own word that it is done.

    Each is seen in the list; what a person answers is taken, in the same session.
    """
    desk = any_desk
    tool = desk.family.tool.format(tools=desk.lab.root / "homes" / "bin")
    script = (
        f'write {desk.work("One", "a.txt")} "1"; run "python3 -V"; say "Which colour?";'
        f' run "{tool} report done Painted"; say "All done."'
    )
    desk.begin_at_terminal(script)
    asked = desk.lab.wait_status("One", "Waiting", desk.family.terminal)
    if asked["Reason"].startswith("PermissionAsked"):  # in a sandbox nobody is
        desk.lab.sidekick("answer", "One", "yes", check=True)
    desk.lab.wait_reason("One", "AgentWaiting: Which colour?", PATIENCE)
    assert desk.work("One", "a.txt").exists()
    desk.lab.sidekick("answer", "One", "blue", check=True)
    done = desk.lab.wait_status("One", "Completed", PATIENCE)
    assert done["Reason"] == "Finished: Painted"
    assert len(desk.folders("One")) == 1


def test_terminal_limit(any_desk: Desk) -> None:
    """At a limit the terminal would wait for ever, or ask all the time: it is ended, and held."""
    desk = any_desk
    script = (
        f'write {desk.work("One", "a.txt")} "1"; fail usage_limit reset=3000 times=1; say "On."'
    )
    desk.begin_at_terminal(script)
    found = desk.lab.wait_reason("One", "UsageLimit", desk.family.terminal + HEARD)
    assert found["Status"] == "Queued"
    assert "goes on by itself" in found["Reason"]
    wait_for("the session's end", lambda: not desk.lab.agents())
    desk.lab.sidekick("release", desk.family.name, check=True)
    desk.lab.wait_reason("One", "AgentWaiting: On.", desk.family.terminal)
    assert len(desk.folders("One")) == 2
    assert len({known for known in desk.conversations("One") if known}) == 1


def test_the_next_agent_of_the_route_takes_over(desk: Desk) -> None:
    """Claude is at its limit: the other one gets the task, and is told that it was begun."""
    other = {"command": ["sh", "-c", 'printf %s "$1" >taken.txt', "-", "{prompt}"]}
    models = {"Best": [{"agent": "claude"}, {"agent": "other"}]}
    script = 'write half.txt "x"; fail usage_limit reset=3000'
    desk.begin(row("One", script, model="Best"), agents={"other": other}, models=models)
    found = desk.lab.wait_status("One", "Completed", PATIENCE)
    assert found["Agent"] == "other"
    told = desk.work("One", "taken.txt").read_text()
    assert told.startswith("This work was begun before")
    assert told.endswith(found["Next Action"])


def test_what_a_run_may_cost_is_kept_to(desk: Desk) -> None:
    """By the agent itself; the row is blocked and says so."""
    script = "; ".join(f'write f{n}.txt "x"' for n in range(12))
    desk.begin(row("One", f'{script}; say "Done."'), agent={"run_budget": {"dollars": 0.03}})
    found = desk.lab.wait_status("One", "Blocked", PATIENCE)
    assert found["Reason"].startswith("BudgetExceeded")
    assert not desk.work("One", "f11.txt").exists()
