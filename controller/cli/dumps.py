"""No core dump of the controller: its memory holds the token, and keys that agents are handed."""

import ctypes
from contextlib import suppress

PR_SET_DUMPABLE = 4


def forbid() -> None:
    """Forbid dumps of this process, and other processes of the user a look into its memory.

    A program that it starts may be dumped again (prctl(2)). As root one can still look.
    """
    with suppress(OSError, AttributeError):  # no such call here: the limit of ulimit -c stands
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
