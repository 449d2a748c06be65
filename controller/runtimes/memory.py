"""A runtime without processes, for tests of what stands above a runtime.

Beside the protocol it has the faults of the real one as methods and attributes.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from controller.core.errors import NotFound
from controller.core.observed import NoServer, Observation, Session, Sessions, Unknown
from controller.runtimes.base import (
    RuntimeFault,
    StartRequest,
    UnmarkedSession,
    check_batch,
)
from controller.runtimes.typed import check_keys, check_text


@dataclass(frozen=True, slots=True)
class _Pane:
    owner: str
    session: Session
    begun: str = ""
    text: str = ""
    split: bool = False


_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


class MemoryRuntime:
    """Sessions in a dictionary.

    Args:
        owner: The word in our marks.

    Attributes:
        unknown: While set, the answer to every observation.
        refused: Session name → why the next starts under that name fail.
        calls: How often each method of the protocol was called.
        requests: Every request that was ever carried out, in order.
        watched: The process of every session that a shim was started to watch over, in order.
        told: The run, the keys and the text of everything that was typed, in order.
    """

    kind = "memory"

    def __init__(self, *, owner: str = "sidekick") -> None:
        self.unknown: Unknown | None = None
        self.refused: dict[str, RuntimeFault] = {}
        self.calls: Counter[str] = Counter()
        self.requests: list[StartRequest] = []
        self.watched: list[int] = []
        self.told: list[tuple[str, tuple[str, ...], str]] = []
        self._owner = owner
        self._panes: dict[str, _Pane] | None = None
        self._servers = 0
        self._numbers = 0
        self._faults: dict[str, tuple[RuntimeFault, bool]] = {}

    def observe(self) -> Observation:
        """See every session that carries our mark."""
        self.calls["observe"] += 1
        if self.unknown is not None:
            return self.unknown
        if self._panes is None:
            return NoServer()
        ours = [pane.session for pane in self._panes.values() if pane.owner == self._owner]
        return Sessions(tuple(ours), self._server)

    def start(self, requests: Sequence[StartRequest]) -> Mapping[str, RuntimeFault]:
        """Start sessions; a server is started where there is none."""
        if not requests:
            return {}
        check_batch(requests)
        late = self._begin("start")
        faults = {}
        for request in requests:
            fault = self.refused.get(request.name)
            fault = fault or self._put(request.name, request.run, self._owner)
            if fault:
                faults[request.run] = fault
            else:
                self.requests.append(request)
        _raise(late)
        return faults

    def remove(self, sessions: Sequence[Session]) -> None:
        """Remove sessions of the newest observation."""
        if not sessions:
            return
        late = self._begin("remove")
        ids = {session.id for session in sessions}
        panes = self._panes or {}
        for name in [name for name, pane in panes.items() if pane.session.id in ids]:
            del panes[name]
        _raise(late)

    def clear(self, runs: Collection[str]) -> None:
        """Remove the sessions of runs, where they lost their mark."""
        late = self._begin("clear")
        panes = self._panes or {}
        for name in [name for name, pane in panes.items() if pane.begun in runs and not pane.owner]:
            del panes[name]
        _raise(late)

    def tell(self, session: Session, text: str, keys: Sequence[str] = ()) -> None:
        """Type a text to what runs in a session, which shows it."""
        late = self._begin("tell")
        keys = check_keys(keys)
        text = check_text(text) if text or not keys else ""
        panes = {pane.session.id: pane.session for pane in (self._panes or {}).values()}
        known = panes.get(session.id)
        if known is None or known.run != session.run or not known.alive:
            raise RuntimeFault("SessionGone", f"The session {session.name} is gone.")
        self.told.append((known.run, keys, text))
        self.write(known.run, f"{text}\n")
        _raise(late)

    def watch(self, session: Session, folder: Path) -> None:
        """Let a shim watch over a session's process again."""
        late = self._begin("watch")
        known = any(pane.session.id == session.id for pane in (self._panes or {}).values())
        if known and folder.is_absolute():
            self.watched.append(session.pid)
        _raise(late)

    def unmarked(self, name: str) -> UnmarkedSession:
        """The session of just that name, which nobody has marked."""
        _raise(self._begin("unmarked"))
        pane = (self._panes or {}).get(name)
        if pane is None:
            raise NotFound("SessionMissing", f"There is no session {name}.")
        if pane.owner:
            reason = "SessionOurs" if pane.owner == self._owner else "SessionForeign"
            raise NotFound(reason, f"The session {name} is of the run {pane.session.run}.")
        if pane.split:
            raise NotFound("SeveralPanes", f"The session {name} has several panes.")
        if not pane.session.alive:
            raise NotFound("SessionEnded", f"What ran in the session {name} has ended.")
        return UnmarkedSession(pane.session.id, name, pane.session.pid, "/", ("sleep", "600"))

    def adopt(
        self, session: UnmarkedSession, request: StartRequest, *, watched: bool = False
    ) -> None:
        """Make a session the one of a run, under the request's name."""
        late = self._begin("adopt")
        panes = self._panes or {}
        pane = panes.get(session.name)
        now = pane and (pane.owner, pane.session.id, pane.session.pid, pane.session.alive)
        if pane is None or now != ("", session.id, session.pid, True):
            raise NotFound("SessionChanged", f"The session {session.name} has changed just now.")
        if request.name != session.name and request.name in panes:
            raise NotFound("SessionNameTaken", f"There is a session {request.name} already.")
        del panes[session.name]
        ours = replace(pane.session, name=request.name, run=request.run)
        panes[request.name] = replace(pane, owner=self._owner, session=ours)
        if not watched:
            self.watched.append(session.pid)
        self.requests.append(request)
        _raise(late)

    def release(self, session: UnmarkedSession, run: str) -> None:
        """Take the mark of a run off a session that was adopted."""
        late = self._begin("release")
        panes = self._panes or {}
        for name, pane in panes.items():
            known = (pane.owner, pane.session.run, pane.session.id)
            if known == (self._owner, run, session.id):
                panes[name] = replace(pane, owner="", session=replace(pane.session, run=""))
        _raise(late)

    def screen(self, session: Session, lines: int, *, colours: bool = False) -> str:
        """The last lines that `write` put on the session's screen."""
        late = self._begin("screen")
        _raise(late)
        for pane in (self._panes or {}).values():
            if pane.session.id == session.id:
                text = pane.text if colours else _COLOUR.sub("", pane.text)
                return "\n".join(text.rstrip().split("\n")[-lines:])
        raise RuntimeFault("SessionGone", f"The session {session.name} is gone.")

    def attach_argv(self, name: str) -> tuple[str, ...]:
        """A command that only says where the person would be."""
        return ("echo", name)

    def fail_next(self, method: str, fault: RuntimeFault, *, done: bool = False) -> None:
        """Let the next call of a method that may fail raise.

        Args:
            method: The method's name.
            fault: What it raises.
            done: Whether it does its work before, as when only the answer was lost.
        """
        self._faults[method] = (fault, done)

    def lose_server(self) -> None:
        """Kill the server, and every session with it."""
        self._panes = None

    def end(self, run: str) -> None:
        """Let the process in a run's session end; its screen remains."""
        self._change(
            run, lambda pane: replace(pane, session=replace(pane.session, alive=False, pid=0))
        )

    def write(self, run: str, text: str, *, activity: int = 0) -> None:
        """Let a run's session print, at a time."""
        self._change(
            run,
            lambda pane: replace(
                pane, session=replace(pane.session, activity=activity), text=pane.text + text
            ),
        )

    def add_foreign(self, name: str, *, owner: str = "", run: str = "") -> None:
        """Put a session there that somebody else, or another controller, started."""
        self._put(name, run, owner)

    def split(self, name: str) -> None:
        """Open a second pane in a session, as a person does."""
        assert self._panes is not None
        self._panes[name] = replace(self._panes[name], split=True)

    def lose_mark(self, name: str) -> None:
        """Take the mark off a session, as whoever reaches the server can."""
        assert self._panes is not None
        pane = self._panes[name]
        self._panes[name] = replace(pane, owner="", session=replace(pane.session, run=""))

    def kill_session(self, name: str) -> None:
        """End a session as a person does, whoever's it is."""
        (self._panes or {}).pop(name, None)

    @property
    def _server(self) -> str:
        return f"memory-{self._servers}"

    def _put(self, name: str, run: str, owner: str) -> RuntimeFault | None:
        if self._panes is None:
            self._panes = {}
            self._servers += 1
        held = self._panes.get(name)
        if held is not None:
            if (held.owner, held.session.run) == (owner, run):
                return None
            return RuntimeFault("SessionNameTaken", f"There is a session {name} already.")
        self._numbers += 1
        session_id = f"%{self._numbers}@{self._server}"
        session = Session(session_id, name, run, alive=True, pid=self._numbers)
        self._panes[name] = _Pane(owner, session, run)
        return None

    def _change(self, run: str, pane_change: Callable[[_Pane], _Pane]) -> None:
        panes = self._panes or {}
        for name, pane in panes.items():
            if pane.owner == self._owner and pane.session.run == run:
                panes[name] = pane_change(pane)
                return
        raise LookupError(f"no session of the run {run}")

    def _begin(self, method: str) -> RuntimeFault | None:
        self.calls[method] += 1
        fault, done = self._faults.pop(method, (None, False))
        if fault is not None and not done:
            raise fault
        return fault


def _raise(fault: RuntimeFault | None) -> None:
    if fault is not None:
        raise fault
