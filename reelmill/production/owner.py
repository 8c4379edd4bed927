"""Who holds a clip: this process, named so that others can tell when it is gone."""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path

__all__ = ["current_owner", "is_gone"]

_HOSTS_OWN_PIDS = 0xEFFFFFFC
"""The inode of the first namespace of process ids, which is no container's (include/linux/proc_ns.h)."""


def current_owner() -> str:
    """``host/boot/pid/start/random``: unique for ever, and readable in ``reelmill status``."""
    pid = os.getpid()
    return f"{_host()}/{_boot_id()}/{pid}/{_start_time(pid) or ''}/{uuid.uuid4().hex[:8]}"


def is_gone(owner: str) -> bool:
    """Whether the owner was a process of this host that no longer runs.

    False for owners on other hosts: only their lapsed lease tells. One that booted another time may be another host of
    this name, so its lease tells, too. A reused process id is told apart by its start time.
    """
    parts = owner.split("/")
    if len(parts) != len(("host", "boot", "pid", "start", "random")) or parts[0] != _host():
        return False
    boot, pid, start = parts[1], parts[2], parts[3]
    if not boot or boot != _boot_id() or not start or not pid.isdigit():
        return False
    now = _start_time(int(pid))
    return now != start if now is not None else not _exists(int(pid))


def _host() -> str:
    """The name of this host, and of this container: one may be called as its host, and has process ids of its own.

    Containers of some services are all called localhost: then each is one of its own.
    """
    name = socket.gethostname()
    if name.split(".")[0] in ("", "localhost"):
        name = f"{name}-{_boot_id()}"
    with suppress(OSError):
        inside = Path("/proc/self/ns/pid").stat().st_ino
        return name if inside == _HOSTS_OWN_PIDS else f"{name}-{inside}"
    return name


def _exists(pid: int) -> bool:
    """Whether a process has this id, also where the processes of others are hidden."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8]
    except OSError:
        return ""


def _start_time(pid: int) -> str | None:
    """Clock ticks after boot at which the process started; empty if it has ended, None if /proc says nothing of it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
