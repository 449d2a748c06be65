"""The observer: sessions as the runtime sees them, joined with what the runs' folders tell."""

from collections.abc import Mapping
from dataclasses import replace

from controller.agents.base import Agent, judge_exit
from controller.core.observed import Observed, Run, Session, Sessions, Unknown
from controller.runs.folders import RunFolders
from controller.runs.records import Record
from controller.runtimes.base import Runtime


class Observer:
    """Looks at the world.

    Args:
        runtime: Where sessions live.
        runs: The runs' folders, loaded.
        agents: Name → agent, who judge the ends of their runs.
    """

    def __init__(self, runtime: Runtime, runs: RunFolders, agents: Mapping[str, Agent]) -> None:
        self._runtime = runtime
        self._runs = runs
        self._agents = agents
        self._known: dict[str, tuple[Record, Run]] = {}
        self._records: Mapping[str, Record] = {}
        self._seen: Mapping[str, Run] = {}

    def look(self) -> Observed | Unknown:
        """One call to the runtime, then two quick ones for each unfinished run."""
        seen = self._runtime.observe()
        if isinstance(seen, Unknown):
            return seen
        sessions: Mapping[str, Session] = {}
        server = ""
        if isinstance(seen, Sessions):
            sessions = {session.run: session for session in seen.sessions}
            server = seen.server
        for run_id in sessions.keys() - self._records.keys():
            self._runs.learn(run_id)  # by `sidekick adopt`, which is a process of its own
        records = self._runs.look()
        if records is not self._records:
            known = {run_id: self._run(record) for run_id, record in records.items()}
            self._known, self._records = known, records
            self._seen = {run_id: run for run_id, (_, run) in known.items()}
        return Observed(self._endable(sessions), self._seen, server)

    def _endable(self, sessions: Mapping[str, Session]) -> Mapping[str, Session]:
        """The sessions; one that was asked to end, while nobody hears, counts as ended.

        Only of an adopted session can the shim be killed and the process live on. It is then swept.
        """
        deaf = {
            run_id: replace(session, alive=False, pid=0)
            for run_id, session in sessions.items()
            if session.alive
            and (run := self._seen.get(run_id))
            and run.stop
            and run.result is None
            and run.started_at
            and self._runs.unwatched(run_id)
        }
        return {**sessions, **deaf} if deaf else sessions

    def _run(self, record: Record) -> tuple[Record, Run]:
        before = self._known.get(record.id)
        if before is not None and before[0] is record:
            return before
        agent = self._agents.get(record.meta.agent)
        judge = agent.judge if agent else judge_exit
        meta = record.meta
        return record, Run(
            id=record.id,
            project=meta.project,
            slug=meta.slug,
            agent=meta.agent,
            folder=meta.folder,
            words=meta.words,
            created_at=meta.created_at,
            conversation=meta.conversation,
            begun=meta.begun,
            demo=meta.demo,
            config=meta.config,
            gpus=meta.gpus,
            started_at=record.started_at,
            report=record.report,
            progress=record.progress,
            stop=record.stop,
            result=judge(record.exit, record.report) if record.exit else None,
        )
