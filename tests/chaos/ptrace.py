"""ptrace(2) by hand: every system call of another process, seen before and after the kernel does it.

Linux on x86-64 and AArch64. No root is needed: whoever starts a process may trace it, and its children's children.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["SystemCall", "fail", "system_calls", "why_none_can_fail", "why_not"]

_SEIZE, _INTERRUPT, _LISTEN, _SYSCALL, _INFO = 0x4206, 0x4207, 0x4208, 24, 0x420E
_SYSGOOD, _FORK, _VFORK, _CLONE, _EXITKILL = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 20
_OPTIONS = _SYSGOOD | _FORK | _VFORK | _CLONE | _EXITKILL
_ALL_KINDS, _OWN_THREAD = 0x40000000, 0x20000000  # __WALL, __WNOTHREAD
_CALL_STOP = signal.SIGTRAP | 0x80
_EVENT_STOP = 128
_ENTRY, _EXIT = 1, 2
_POKE, _NUMBER_AT, _RESULT_AT = 6, 15 * 8, 10 * 8  # where x86-64 keeps a call's number and its result
_GROUP_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

# What we name is numbered differently on each; everything newer than 2011 would have been the same.
_NUMBERS = {
    "x86_64": {
        0: "read",
        1: "write",
        18: "pwrite64",
        19: "readv",
        20: "writev",
        42: "connect",
        44: "sendto",
        45: "recvfrom",
        46: "sendmsg",
        47: "recvmsg",
        62: "kill",
        74: "fsync",
        75: "fdatasync",
        77: "ftruncate",
        82: "rename",
        264: "renameat",
        296: "pwritev",
        316: "renameat2",
    },
    "aarch64": {
        38: "renameat",
        46: "ftruncate",
        63: "read",
        64: "write",
        65: "readv",
        66: "writev",
        68: "pwrite64",
        70: "pwritev",
        82: "fsync",
        83: "fdatasync",
        129: "kill",
        203: "connect",
        206: "sendto",
        207: "recvfrom",
        211: "sendmsg",
        212: "recvmsg",
        276: "renameat2",
    },
}


@dataclass(frozen=True, slots=True)
class SystemCall:
    """One stop of one thread: about to do ``name`` (``entering``), or back from it. Other calls have no name."""

    thread: int
    name: str
    arguments: tuple[int, ...]
    entering: bool


class _Info(ctypes.Structure):
    """struct ptrace_syscall_info, with the part that it has at an entry."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    )


def why_not() -> str:
    """Why nothing can be traced here, in words; empty if it can. Tries it on a process of its own."""
    if sys.platform != "linux" or platform.machine() not in _NUMBERS:
        return f"system calls are traced on Linux on {' and '.join(_NUMBERS)} only"
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        try:
            _ptrace(_SEIZE, sleeper.pid, 0, _OPTIONS)
            _ptrace(_INTERRUPT, sleeper.pid)
            os.waitpid(sleeper.pid, _ALL_KINDS)
            info = _Info()
            _ptrace(_INFO, sleeper.pid, ctypes.sizeof(info), ctypes.addressof(info))
        except OSError as error:
            return f"ptrace is not permitted here ({error.strerror})"
        finally:
            sleeper.kill()
    return ""


def why_none_can_fail() -> str:
    """Why calls can be watched and yet not be made to fail; empty if they can."""
    return "" if platform.machine() == "x86_64" else "calls are made to fail on x86-64 only"


def fail(stop: SystemCall, error: int) -> None:
    """Let a call end in an ``error`` (an errno), undone. To be called at its entry, and again at its exit."""
    if stop.entering:
        _ptrace(_POKE, stop.thread, _NUMBER_AT, -1)
    else:
        _ptrace(_POKE, stop.thread, _RESULT_AT, -error)


def system_calls(pid: int) -> Iterator[SystemCall]:
    """Seize a process, its first thread last, and yield every stop of its threads until all are gone.

    The whole iteration must happen in one thread without child processes of its own. Between two items the
    thread that stopped stands still; the others go on. A child of our own is reaped at its end. Raises OSError if
    the process cannot be seized.
    """
    names = _NUMBERS[platform.machine()]
    _seize(pid)
    within: dict[int, SystemCall] = {}
    while True:
        try:
            thread, status = os.waitpid(-1, _ALL_KINDS | _OWN_THREAD)
        except ChildProcessError:
            return
        if not os.WIFSTOPPED(status):
            continue
        stopped_by, event = os.WSTOPSIG(status), status >> 16
        resume, deliver = _SYSCALL, 0
        if stopped_by == _CALL_STOP:
            call = _call(thread, names, within)
            if call is not None:
                yield call
        elif event == _EVENT_STOP:
            resume = _LISTEN if stopped_by in _GROUP_STOPS else _SYSCALL
        elif not event:
            deliver = stopped_by
        try:
            _ptrace(resume, thread, 0, deliver)
        except ProcessLookupError:  # killed meanwhile; the next wait tells
            continue


def _seize(pid: int) -> None:
    """Every thread; one that is born meanwhile to a seized one is seized from birth."""
    threads: set[int] = set()
    while found := {int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()} - threads - {pid}:
        for thread in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it is gone, or was seized from birth
                _ptrace(_SEIZE, thread, 0, _OPTIONS)
                _ptrace(_INTERRUPT, thread)
        threads |= found
    _ptrace(_SEIZE, pid, 0, _OPTIONS)
    _ptrace(_INTERRUPT, pid)


def _call(thread: int, names: dict[int, str], within: dict[int, SystemCall]) -> SystemCall | None:
    info = _Info()
    try:
        _ptrace(_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
    except ProcessLookupError:
        return None
    if info.op == _ENTRY:
        call = SystemCall(thread, names.get(info.number, ""), tuple(info.arguments), entering=True)
        within[thread] = call
        return call
    entered = within.pop(thread, None)
    if info.op != _EXIT or entered is None:
        return None
    return SystemCall(thread, entered.name, entered.arguments, entering=False)


@cache
def _function() -> Callable[[int, int, int, int], int]:
    function = ctypes.CDLL(None, use_errno=True).ptrace
    function.restype = ctypes.c_long
    function.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    return function


def _ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> None:
    """Raises OSError as the kernel says."""
    if _function()(request, pid, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
