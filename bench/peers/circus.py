"""circus: one circusd with a watcher for each program, asked over its own socket."""

import shlex
from collections.abc import Mapping, Sequence

from bench.peers.base import Peer
from bench.peers.install import programs_of

_CONFIGURATION = """\
[circus]
endpoint = ipc://{root}/c1
pubsub_endpoint = ipc://{root}/c2
loglevel = WARNING
"""
_WATCHER = """\
[watcher:{name}]
cmd = {command}
copy_env = True
"""
_CLIENT = """\
import sys, time
from circus.client import CircusClient
client = CircusClient(endpoint=sys.argv[1], timeout=60)
def become(state):
    while set(client.send_message("status")["statuses"].values()) != {state}:
        time.sleep(0.1)
become("active")
client.send_message("stop", waiting=True)
become("stopped")
print("ready", flush=True)
for line in sys.stdin:
    client.send_message(line.strip(), waiting=False)
    print("done", flush=True)
"""
"""Runs in circus's own environment, and is up before it is asked: circusctl's start is no part
of the figure. `start` passes over watchers that do not start by themselves, so all of them have
run once, and are stopped, before the figure is taken."""


class Circus(Peer):
    """A process manager that is up and has read its configuration before it is asked."""

    name = "circus"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """It runs, and runs none of the programs."""
        folder = programs_of("circus")
        root = self.world.root
        sections = [
            _WATCHER.format(name=name, command=shlex.join(argv)) for name, argv in programs.items()
        ]
        configuration = root / "circus.ini"
        text = "\n".join((_CONFIGURATION.format(root=root), *sections))
        configuration.write_text(text, encoding="utf-8")
        self._daemon = self.world.spawn((str(folder / "circusd"), str(configuration)))
        argv = (str(folder / "python"), "-c", _CLIENT, f"ipc://{root}/c1")
        self._client = self.world.spawn(argv, pipes=True)
        self._heard()

    def start(self) -> None:
        """`circusctl start`, without the start of circusctl, and waiting for none."""
        assert self._client.stdin
        self._client.stdin.write(b"start\n")
        self._client.stdin.flush()
        self._heard()

    @property
    def own(self) -> frozenset[int]:
        """The daemon and the client."""
        return frozenset({self._daemon.pid, self._client.pid})

    def _heard(self) -> None:
        assert self._client.stdout
        if not self._client.stdout.readline():
            raise RuntimeError(f"circus ended: {self.world.said()}")
