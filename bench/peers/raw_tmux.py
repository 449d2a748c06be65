"""The floor: a loop of `tmux new-session`, and of `tmux kill-session`, of bare programs."""

from collections.abc import Mapping, Sequence

from bench.peers.base import Stopper


class RawTmux(Stopper):
    """What a script does, without a shim, a mark, a log or a record."""

    name = "raw tmux loop"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """The server runs."""
        self._programs = dict(programs)
        self.world.boot_tmux()

    def start(self) -> None:
        """A call for each; several arguments are exec'ed without a shell."""
        for name, argv in self._programs.items():
            self.world.tmux("new-session", "-d", "-s", name, *argv).check_returncode()

    def stop(self) -> None:
        """A call for each."""
        for name in self._programs:
            self.world.tmux("kill-session", "-t", f"={name}").check_returncode()
