"""A process that is stopped at its system calls (ptrace), and there killed, or lied to.

The death is a real one: SIGKILL before the call does anything, so that no `finally`, no `except`
and no buffer of the process gets another chance. What the process started lives on.
"""

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.crash.calls import NAMES

AVAILABLE = platform.system() == "Linux" and platform.machine() == "x86_64"
"""Elsewhere the registers have other names."""

_TRACEME, _POKEUSER, _CONT, _SYSCALL = 0, 6, 7, 24
_SETOPTIONS, _GET_SYSCALL_INFO = 0x4200, 0x420E
_SYSGOOD, _EXITKILL = 0x1, 0x100000
_ORIG_RAX, _RAX = 15 * 8, 10 * 8
_ENTRY = 1
_PAGE = 4096
_SYSCALL_STOP = signal.SIGTRAP | 0x80

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that is about to be made.

    Attributes:
        pid: By whom.
        number: Which, by its number.
        arguments: Its six registers.
    """

    pid: int
    number: int
    arguments: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its name, or its number where that is seldom needed."""
        return NAMES.get(self.number, f"call {self.number}")

    def text(self, index: int) -> str:
        """An argument that points to a text."""
        address, content = self.arguments[index], b""
        with Path(f"/proc/{self.pid}/mem").open("rb", buffering=0) as memory:
            while b"\0" not in content:  # page by page, for the next one may not be there
                content += (page := os.pread(memory.fileno(), _PAGE - address % _PAGE, address))
                address += len(page)
        return os.fsdecode(content.split(b"\0", 1)[0])

    def file(self, index: int) -> str:
        """What an argument that is a descriptor leads to; empty for none."""
        try:
            return str(Path(f"/proc/{self.pid}/fd/{self.arguments[index]}").readlink())
        except OSError:
            return ""


class Kill:
    """The answer to a call that is never made: the process is dead."""


Answer = Kill | int | None
"""Die; fail with this errno; or go on."""


class Tracee:
    """A child of this process that stops itself (SIGSTOP) whenever it has come to rest.

    Args:
        work: What it does; it never returns to the caller's code.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self.status: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _be_traced(work)
        self._wait()
        _ptrace(_SETOPTIONS, self.pid, 0, _SYSGOOD | _EXITKILL)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.status is None

    def go(self, judge: Callable[[Call], Answer] | None = None) -> None:
        """Let it run until it rests or ends.

        Args:
            judge: Asked at each system call; without one it runs unhindered.
        """
        request = _SYSCALL if judge else _CONT
        answer: Answer = None
        passed = 0
        while True:
            _ptrace(request, self.pid, 0, passed)
            stopped = self._wait()
            passed = 0
            if stopped == 0 or stopped == signal.SIGSTOP:
                return
            if stopped != _SYSCALL_STOP:
                passed = stopped
                continue
            assert judge is not None
            info = self._info()
            if info[0] == _ENTRY:
                call = Call(self.pid, info[4], info[5:11])
                answer = judge(call)
                if isinstance(answer, Kill):
                    self.kill()
                    return
                if answer is not None:
                    _ptrace(_POKEUSER, self.pid, _ORIG_RAX, -1)
            elif isinstance(answer, int):
                _ptrace(_POKEUSER, self.pid, _RAX, -answer)
                answer = None

    def kill(self) -> None:
        """End it at once."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            while self.alive:
                self._wait()

    def _wait(self) -> int:
        """The signal that stopped it; 0 where it has ended."""
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSTOPPED(status):
            return os.WSTOPSIG(status)
        self.status = os.waitstatus_to_exitcode(status)
        return 0

    def _info(self) -> tuple[int, ...]:
        buffer = ctypes.create_string_buffer(88)
        size = len(buffer)
        _ptrace(_GET_SYSCALL_INFO, self.pid, size, ctypes.addressof(buffer))
        return struct.unpack_from("<BIQQQ6Q", _padded(buffer.raw))


def _padded(raw: bytes) -> bytes:
    return raw[:1] + raw[4:]


def _be_traced(work: Callable[[], object]) -> NoReturn:
    code = 70
    try:
        _ptrace(_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        work()
        code = 0
    finally:
        os._exit(code)


def _ptrace(request: int, pid: int, address: int, data: int) -> None:
    if _libc.ptrace(request, pid, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request}: {os.strerror(number)}")
