"""Who holds a clip: this process, named so that others can tell when it is gone."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

__all__ = ["current_owner", "is_gone"]


def current_owner() -> str:
    """``host/boot/pid/start/random``: unique for ever, and readable in ``reelmill status``."""
    pid = os.getpid()
    return f"{_host()}/{_boot_id()}/{pid}/{_start_time(pid)}/{uuid.uuid4().hex[:8]}"


def is_gone(owner: str) -> bool:
    """Whether the owner was a process of this host that no longer runs.

    False for owners on other hosts: only their lapsed lease tells. A reused process id is told apart by its
    start time, a restarted host by its boot id.
    """
    parts = owner.split("/")
    if len(parts) != len(("host", "boot", "pid", "start", "random")) or parts[0] != _host():
        return False
    boot, pid, start = parts[1], parts[2], parts[3]
    if not boot or not start or not pid.isdigit():
        return False
    return boot != _boot_id() or _start_time(int(pid)) != start


def _host() -> str:
    """The name of this host. Containers of some services are all called localhost: then each is one of its own."""
    name = socket.gethostname()
    return f"{name}-{_boot_id()}" if name.split(".")[0] in ("", "localhost") else name


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8]
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    """Clock ticks after boot at which the process started; empty if it does not run or nobody can tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
