"""What a peer is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from bench.world import World


class Peer(ABC):
    """Somebody else who starts and stops many programs.

    Whatever it starts dies with the world.

    Args:
        world: Where it lives.

    Attributes:
        name: In the table.
    """

    name: ClassVar[str]

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """Get ready, untimed: servers run and have read what is to be run; none of it runs.

        Args:
            programs: Name → argv.

        Raises:
            Unavailable: It is not to be had on this machine.
        """

    @abstractmethod
    def start(self) -> None:
        """Start all of them; it may return before they run."""

    @property
    def own(self) -> frozenset[int]:
        """Its own processes, which are none of the programs."""
        return frozenset()


class Stopper(Peer):
    """A peer that is asked to stop what it started, too."""

    @abstractmethod
    def stop(self) -> None:
        """Stop all of them; it may return before they are gone."""
