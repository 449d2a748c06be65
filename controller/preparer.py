"""The preparer: makes a run's folder, with all that its session needs to know."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from controller.agents.base import Agent, AgentError, Launch, Mode
from controller.core.prompts import prompt_of
from controller.core.workload import Workload
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec, Worktree
from controller.runtimes.base import StartRequest

_SHELLS = {"SHLVL": "1"}
"""A bash without it that is on a socket, as hooks of programs in Node are, takes that for a remote
login: it reads ~/.bashrc first, for as long as that takes, and is ended in the midst of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which agents run.

    Attributes:
        grace: Seconds from SIGTERM to SIGKILL.
        log_bytes: Bytes of one output.log.
        log_files: Files that the output is rotated through.
        workspaces: Folders below it are made at need; others must exist.
        gpus: Whether GPUs are given out at all.
        environment: The controller's own, for the variables that agents inherit.
        inherit: Names of those that every agent inherits.
        tools: A folder of programs that every agent finds first on its PATH: `sidekick`.
    """

    grace: float
    log_bytes: int
    log_files: int
    workspaces: Path
    gpus: bool
    environment: Mapping[str, str]
    inherit: tuple[str, ...] = ()
    tools: Path | None = None


class Preparer:
    """Prepares runs on the terms of the moment.

    Args:
        runs: The runs' folders.
        agents: Name → agent.
        terms: The terms on which agents run; others may take their place.
        on_run: Told of every run's folder before its session starts.
    """

    def __init__(
        self,
        runs: RunFolders,
        agents: Mapping[str, Agent],
        terms: Terms,
        on_run: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self._runs = runs
        self._agents = agents
        self.terms = terms
        self._on_run = on_run

    def prepare(self, work: Workload, now: datetime) -> tuple[StartRequest, str]:
        """Make the run's folder: all that its session needs to know.

        Returns:
            What a runtime is asked for, and the conversation's id; empty where the agent has none.

        Raises:
            AgentError: The agent's or the project's own folder is not fit for it.
            RunsUnavailable: The run's folder cannot be made.
        """
        agent = self._agents[work.agent]
        if work.mode:
            agent = agent.in_mode(Mode(work.mode))
        self._make_workspace(work)
        run = self._runs.new_id(now)
        fresh = str(uuid.uuid4()) if agent.conversations and agent.takes_ids else ""
        conversation = work.conversation or fresh
        folder = self._runs.root / run
        told = replace(work, conversation=conversation, prompt=prompt_of(work))
        launch = agent.launch(told, str(folder))
        environment = {
            **_SHELLS,
            **self._inherited(launch),
            **launch.environment,
            **self._gpu_environment(work),
        }
        agent.seed(work, environment)
        spec = Spec(
            argv=launch.argv,
            folder=work.folder,
            mode=launch.mode.value,
            stdin="prompt" if launch.prompt_on_stdin else None,
            grace=self.terms.grace,
            log_bytes=self.terms.log_bytes,
            log_files=self.terms.log_files,
            secrets=launch.secrets,
            stream=launch.stream.value if launch.stream else "",
            tools=str(self.terms.tools) if self.terms.tools else "",
            worktree=_worktree(work),
        )
        meta = Meta(
            project=work.project,
            slug=work.slug,
            agent=work.agent,
            folder=work.folder,
            words=work.words,
            created_at=now,
            conversation=conversation,
            begun=work.begun,
            demo=work.demo,
            config=work.config,
            gpus=work.gpus,
            interactive=launch.mode is Mode.INTERACTIVE,
            tells=launch.tells,
            answered=work.answer,
            branch=work.branch,
            model=work.model,
        )
        self._runs.create(run, spec, meta, launch.prompt, environment, launch.files)
        self._on_run(folder)
        interactive = launch.mode is Mode.INTERACTIVE
        return StartRequest(run, work.slug, folder, pipe_output=interactive), conversation

    def _inherited(self, launch: Launch) -> dict[str, str]:
        own = self.terms.environment
        names = {name: name for name in (*self.terms.inherit, *launch.inherit)}
        sources = {**names, **launch.renamed}
        return {name: own[source] for name, source in sources.items() if source in own}

    def _gpu_environment(self, work: Workload) -> dict[str, str]:
        """A project that was given no GPU sees none."""
        if not self.terms.gpus:
            return {}
        return {"CUDA_VISIBLE_DEVICES": ",".join(str(index) for index in work.gpus)}

    def _make_workspace(self, work: Workload) -> None:
        folder = Path(work.folder)
        if not folder.is_relative_to(self.terms.workspaces):
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = f"{folder}: {error.strerror}; the project's folder cannot be made"
            raise AgentError("FolderUnavailable", text) from error


def _worktree(work: Workload) -> Worktree | None:
    if not work.repository:
        return None
    return Worktree(work.repository, work.branch, fresh=not work.begun)
