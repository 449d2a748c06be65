"""A bench: one program, a project's folder, a mock, and runs in real sessions."""

import os
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.agents.base import Agent, Mode, Options, Permission
from controller.core.exits import Exit
from controller.core.facts import Facts
from controller.core.observed import Result, StopRequest, Words
from controller.core.workload import Workload
from controller.runs import records
from controller.runs.documents import read_object
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from controller.runs.stream import Stream
from controller.tools import tool_folder
from tests.agents_real.families import Family
from tests.mock_claude.conftest import ROOT, Mock
from tests.shim.world import PROGRAM, Tmux, pids_of, wait_for

KEY = "sk-mock-0123456789"
PROGRAMS = Path(os.environ.get("SIDEKICK_AGENTS", ROOT / ".agents"))
"""Where deploy/install_agents.sh put them."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over.

    Attributes:
        result: The family's judgement.
        facts: What the agent's events told.
        exit: The shim's record.
        log: What it printed.
    """

    result: Result
    facts: Facts
    exit: Exit
    log: str


class Live:
    """A run in its session."""

    def __init__(self, agent: Agent, folder: Path, tmux: Tmux) -> None:
        self.agent = agent
        self.folder = folder
        self._tmux = tmux

    def screen(self) -> str:
        """What its session shows."""
        return self._tmux("capture-pane", "-p", "-t", f"={self.folder.name}:")

    def pid(self) -> int:
        """The agent's process, once it runs."""
        started = wait_for(lambda: read_object(self.folder / "started.json"), "the start", 20)
        assert started is not None
        return int(started["pid"])

    def facts(self) -> Facts:
        """Its events, folded, as the controller folds them."""
        return Stream(self.folder, lambda: self.agent.read).read()

    def log(self) -> str:
        """What it printed."""
        try:
            return (self.folder / "output.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def wait(self, seconds: float = 120.0) -> Ended:
        """Wait for the end; no process of the run is left by then."""
        end = wait_for(lambda: records.read_exit(self.folder), "the end", seconds)
        assert end is not None
        assert pids_of(self.folder.name) == set()
        report = records.read_reports(self.folder).state
        facts = self.facts()
        return Ended(self.agent.judge(end, report, facts), facts, end, self.log())


class Bench:
    """One family's program on a project of its own.

    Args:
        root: A folder for all of it.
        family: The family.
        mock: The API.
        tmux: The server that holds the sessions.
    """

    def __init__(self, root: Path, family: Family, mock: Mock, tmux: Tmux) -> None:
        self.root = root
        self.family = family
        self.mock = mock
        self.tmux = tmux
        self.program = PROGRAMS / "bin" / family.program
        self.work = root / "work"
        self.work.mkdir()
        self.runs = RunFolders(root / "runs")
        self.outside = Path(f"/var/tmp/sidekick-{uuid.uuid4().hex}")
        """A place that no agent may write to."""

    def agent(self, **changes: Any) -> Agent:
        """The agent, with the settings changed."""
        family = self.family
        settings: dict[str, Any] = {
            "name": family.name,
            "program": str(self.program),
            "home": self.root / "home",
            "permission": Permission.EDITS,
            "environment": {family.key: KEY},
            "base_url": family.base_url(self.mock.url),
            "arguments": family.arguments,
            **changes,
        }
        return family.build(Options(**settings))

    def start(self, prompt: str, *, agent: Agent | None = None, **changes: Any) -> Live:
        """Start a session as the controller does; `changes` are those of the workload."""
        agent = agent or self.agent()
        words = Words("digest")
        work = Workload(
            "App", "app", agent.name, self.family.model, prompt, str(self.work), words, **changes
        )
        now = datetime.now(UTC)
        run = self.runs.new_id(now)
        folder = self.runs.root / run
        agent.seed(work, {})
        launch = agent.launch(work, str(folder))
        spec = Spec(
            launch.argv,
            work.folder,
            launch.mode.value,
            "prompt" if launch.prompt_on_stdin else None,
            5.0,
            10_485_760,
            2,
            launch.secrets,
            launch.stream.value if launch.stream else "",
            str(tool_folder(self.root / "homes")),
        )
        meta = Meta(work.project, work.slug, work.agent, work.folder, words, now)
        environment = {"HOME": str(self.root), "LANG": "C.UTF-8", **launch.environment}
        self.runs.create(run, spec, meta, launch.prompt, environment, launch.files)
        copied = launch.mode is Mode.INTERACTIVE
        pipe = [";", "pipe-pane", "-o", f"exec cat >>{folder}/output.log"] if copied else []
        self.tmux("new-session", "-d", "-s", run, "--", *PROGRAM, str(folder), *pipe)
        return Live(agent, folder, self.tmux)

    def stop(self, live: Live) -> None:
        """Ask a run to end, as the controller does."""
        self.runs.request_stop(live.folder.name, StopRequest("user", "UserPause"), 5.0)

    def run(self, script: str, **changes: Any) -> Ended:
        """One run to its end."""
        return self.start(f"Begin. [mock: {script}]", **changes).wait()

    def answered(self) -> list[str]:
        """What the API answered, oldest first."""
        return [str(entry["answer"]) for entry in self.mock.requests()]

    def close(self) -> None:
        """End every run and clear away."""
        for run in self.runs.unfinished():
            self.runs.request_stop(run, StopRequest("controller", "TestOver"), 0.5)
        end = time.monotonic() + 10
        while any(pids_of(run) for run in self.runs.unfinished()) and time.monotonic() < end:
            time.sleep(0.05)
        self.outside.unlink(missing_ok=True)


def need(family: Family) -> None:
    """Skip, in one line, where the program is not installed."""
    if not (PROGRAMS / "bin" / family.program).exists():
        pytest.skip(f"{family.program} is not installed: deploy/install_agents.sh {family.name}")


def skip_what_differs(request: pytest.FixtureRequest, family: Family) -> None:
    """Skip, in one line, where the scenario is left out for a family."""
    scenario = request.node.originalname.removeprefix("test_")
    differs = family.differs.get(scenario)
    if isinstance(differs, str):
        pytest.skip(f"{family.name}, {scenario}: {differs}")
