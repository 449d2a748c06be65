"""The peers: who else starts and stops many programs, and how we let them."""

import subprocess
import xmlrpc.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from libtmux.exc import LibTmuxException

from bench.clock import Unavailable
from bench.peers.base import Peer
from bench.peers.circus import Circus
from bench.peers.libtmux_idiom import LibtmuxIdiom
from bench.peers.raw_tmux import RawTmux
from bench.peers.supervisord import Supervisord, SupervisordLaunch, SupervisordUpdate
from bench.peers.tmuxp import Tmuxp, TmuxpWindows

PEERS: Mapping[str, type[Peer]] = MappingProxyType(
    {
        peer.name: peer
        for peer in (
            *(RawTmux, SupervisordUpdate, Tmuxp, LibtmuxIdiom, Circus),
            *(TmuxpWindows, Supervisord, SupervisordLaunch),
        )
    }
)


@contextmanager
def taking_part() -> Iterator[None]:
    """A peer that fails drops out; the others go on.

    Raises:
        Unavailable: It failed; says how.
    """
    try:
        yield
    except (
        *(OSError, RuntimeError, subprocess.SubprocessError),
        *(xmlrpc.client.Error, LibTmuxException),
    ) as error:
        notes = getattr(error, "__notes__", [])
        raise Unavailable("; ".join((f"{type(error).__name__}: {error}", *notes))) from error
