"""The parts, put together: the loop over them, and the server that shows it."""

import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING

from controller.agents.base import Agent
from controller.backend import LoopBackend
from controller.detail import Folders
from controller.fleet import Fleet
from controller.housekeeping import Housekeeping
from controller.keeper import Keeper
from controller.layout import TOKEN
from controller.locks import AlreadyRunning, Lock
from controller.loop import Loop
from controller.metrics import Metrics
from controller.notifier import Notifier
from controller.observer import Observer
from controller.orders import Orders
from controller.reconciler import Reconciler
from controller.redaction import Redactor
from controller.reload import Reload
from controller.runs.folders import RunFolders
from controller.runtimes.base import Runtime
from controller.settings import Settings
from controller.sources.base import Source
from controller.store import Journal, Store
from controller.tick import Tick
from controller.wakes import Wakes

if TYPE_CHECKING:
    from controller.server import Server


LAST_SECONDS = 1.0
"""That the controller's end waits for notifications."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """All parts, put together.

    Attributes are the parts.
    """

    reload: Reload
    source: Source
    runtime: Runtime
    runs: RunFolders
    fleet: Fleet
    store: Store
    journal: Journal
    agents: Mapping[str, Agent]
    metrics: Metrics
    reconciler: Reconciler
    observer: Observer
    notifier: Notifier
    keeper: Keeper
    wakes: Wakes
    locks: tuple[tuple[Lock, str], ...]
    redactor: Redactor
    clock: Callable[[], datetime]
    guards: list[Callable[[], None]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Those in use; they may change while the controller runs."""
        return self.reload.settings

    def lock(self) -> None:
        """Take the place of the one controller of this state and this list.

        Raises:
            AlreadyRunning: Another has it.
        """
        # Whoever is seen to hold the lock is woken by this signal, which ends a process that is not
        # prepared for it; a wake before the first tick says nothing new.
        with suppress(ValueError):  # only the main thread may; no other is a controller's
            signal.signal(signal.SIGUSR1, _sleep_on)
        for lock, what in self.locks:
            lock.acquire(what)

    def loop(self, after: Callable[[Tick], None]) -> Loop:
        """The loop over the reconciler."""
        housekeeping = Housekeeping(
            lambda: self.settings.retention, self.runs, self.fleet, self.wakes, self.guards, after
        )
        loop = Loop(
            self.reconciler,
            self.wakes,
            lambda: self.settings.times.tick,
            self.clock,
            housekeeping.after,
        )
        self.guards.append(lambda: self._keep_locks(loop))
        self.source.listen(self.wakes.wake)
        self.notifier.start()
        return loop

    def _keep_locks(self, loop: Loop) -> None:
        """Keep the place of the one controller, or give way to who has taken it.

        Raises:
            TerminalError: A lock's file cannot be made just now.
        """
        try:
            for lock, what in self.locks:
                lock.keep(what)
        except AlreadyRunning as error:
            log.error("this controller ends, for its place was taken: %s", error.message)
            loop.stop()

    def serve(self, loop: Loop) -> "Server":
        """The server that shows the loop.

        Raises:
            ServerUnavailable: Its address cannot be listened on.
        """
        from controller.server import (  # no command needs it
            Server,
            is_loopback,
            keep_token,
            read_token,
        )

        section = self.settings.server
        file = self.settings.paths.state / TOKEN
        token = read_token(file)
        self.redactor.know([token.encode()])
        server = Server(
            section.host,
            section.port,
            self.metrics.exposition,
            self._backend(loop),
            token=token,
            open_reading=is_loopback(section.host),
            names=section.names,
        )
        server.start()
        self.reconciler.server = server.url
        self.guards.append(lambda: keep_token(file, token))
        return server

    def orders(self) -> Orders:
        """Who writes the user's words where the user would have written them."""
        grace = self.settings.times.stop_grace
        return Orders(self.source, self.runs, self.fleet, grace, self.clock)

    def _backend(self, loop: Loop) -> LoopBackend:
        return LoopBackend(
            loop,
            self.reconciler,
            self.orders,
            self.fleet,
            self.journal,
            Folders(self.runs.root, self.redactor.text),
            self.observer.screen,
        )

    def close(self, patience: float = LAST_SECONDS) -> None:
        """Give everything back; agents keep working.

        Args:
            patience: Seconds that notifications may take which can be delivered at once.
        """
        self.keeper.close(patience)
        self.journal.close()
        self.wakes.close()
        self.store.close()
        self.source.close()
        for lock, _ in self.locks:
            lock.release()


def _sleep_on(_number: int, _frame: FrameType | None) -> None:
    """Nothing waits yet that could be woken."""
