"""The observer: sessions as the runtime sees them, joined with what the runs' folders tell."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from controller.agents.base import SCREEN_LINES, Agent, Screened, as_it_ran
from controller.agents.verdict import judge_exit
from controller.core.observed import Observed, Run, Session, Sessions, Unknown
from controller.core.silence import Screens, at_last
from controller.layout import clock
from controller.runs.folders import RunFolders
from controller.runs.records import Record
from controller.runs.redacted import Redact, redacted
from controller.runtimes.base import Runtime, RuntimeFault


class Observer:
    """Looks at the world.

    Args:
        runtime: Where sessions live.
        runs: The runs' folders, loaded.
        agents: Name → agent, who judge the ends of their runs.
        clock: The time, with its zone.
        redact: Takes secrets out of all that an agent said.
        readonly: For a look only: nothing is noted beside the runs that are over.
    """

    def __init__(
        self,
        runtime: Runtime,
        runs: RunFolders,
        agents: Mapping[str, Agent],
        clock: Callable[[], datetime] = clock,
        redact: Redact = str,
        *,
        readonly: bool = False,
    ) -> None:
        self._runtime = runtime
        self._runs = runs
        self._agents = agents
        self._clock = clock
        self._redact = redact
        self._readonly = readonly
        self._screens = Screens()
        self._known: dict[str, tuple[Record, Run]] = {}
        self._records: Mapping[str, Record] = {}
        self._seen: Mapping[str, Run] = {}
        self._sessions: Mapping[str, Session] = {}

    def look(self) -> Observed | Unknown:
        """One call to the runtime, then two quick ones for each unfinished run.

        One more where an agent's events do not tell what its terminal shows; never two.
        """
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
        self._sessions = sessions = self._endable(sessions)
        self._read_screens(sessions)
        return Observed(sessions, self._seen, server, self._guarded(sessions))

    def screen(self, run: str, lines: int) -> str | None:
        """The last lines of a run's screen with their colours; None where it has none just now.

        Secrets are not taken out of it: escapes may stand in the midst of one.
        """
        session = self._sessions.get(run)
        if session is None or not session.alive:
            return None
        try:
            return self._runtime.screen(session, lines, colours=True)
        except RuntimeFault:
            return None

    def _guarded(self, sessions: Mapping[str, Session]) -> frozenset[str]:
        """Runs without a living session that somebody still watches over, to end them."""
        return frozenset(
            record.id
            for record in self._records.values()
            if record.exit is None
            and not ((session := sessions.get(record.id)) and session.alive)
            and self._runs.guarded(record.id)
        )

    def _read_screens(self, sessions: Mapping[str, Session]) -> None:
        """Look at the screen of an agent that says nothing, as long as no event comes."""
        readable = {
            name: agent for name, agent in self._agents.items() if isinstance(agent, Screened)
        }
        reticent = {name for name, agent in readable.items() if agent.reticent}
        due = self._screens.due(
            self._seen, sessions, readable.keys(), self._clock(), reticent=reticent
        )
        if due is None:
            return
        record, run = self._known[due]
        try:
            screen = self._redact(self._runtime.screen(sessions[due], SCREEN_LINES))
        except RuntimeFault:
            return  # it is gone, or busy: the next look tells
        facts = at_last(readable[run.agent].look(record.facts, screen), sessions[due], run)
        if facts != run.facts:
            self._known[due] = (record, replace(run, facts=facts))
            self._seen = {**self._seen, due: self._known[due][1]}

    def _endable(self, sessions: Mapping[str, Session]) -> Mapping[str, Session]:
        """The sessions, and of which nobody watches over what runs.

        Only of an adopted session can the shim be killed and the process live on. One that was
        asked to end meanwhile, while nobody heard, counts as ended: it is then swept.
        """
        deaf = {
            run_id: replace(session, alive=False, pid=0)
            if self._seen[run_id].stop
            else replace(session, watched=False)
            for run_id, session in sessions.items()
            if session.alive and run_id in self._records and self._is_deaf(self._records[run_id])
        }
        return {**sessions, **deaf} if deaf else sessions

    def _is_deaf(self, record: Record) -> bool:
        return record.adopted and record.exit is None and self._runs.unwatched(record.id)

    def _run(self, record: Record) -> tuple[Record, Run]:
        before = self._known.get(record.id)
        if before is not None and before[0] is record:
            return before
        agent = self._agents.get(record.meta.agent)
        meta = record.meta
        ran = as_it_ran(agent, interactive=meta.interactive) if agent else None
        judge = ran.judge if ran else judge_exit
        reports = redacted(record.reports, self._redact)
        facts = redacted(record.facts, self._redact)
        end = redacted(record.exit, self._redact)
        result = judge(end, reports.state, facts) if end else None
        # What nobody judged who knows the agent is no verdict to keep.
        if result is not None and ran is not None and not self._readonly:
            self._runs.keep(record.id, result)
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
            report=reports.state,
            progress=reports.progress,
            proposal=reports.proposal,
            stop=record.stop,
            result=result,
            facts=facts,
            interactive=meta.interactive,
            tells=meta.tells,
            answered=meta.answered,
            branch=meta.branch,
            model=meta.model,
            work=record.work,
            adopted=record.adopted,
        )
