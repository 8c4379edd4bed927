"""What other processes use, read from Linux's /proc: processor seconds so far and the most memory ever held."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["cpu_seconds", "peak_mib"]

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT = 1  # of the fields after the command's name
_TIMES = slice(11, 15)  # user and system, and both of the children that were waited for


def cpu_seconds(*pids: int) -> float:
    """Processor seconds of these processes until now, with those of all their descendants, ended or not."""
    return sum(int(ticks) for fields in _families(pids).values() for ticks in fields[_TIMES]) / _TICKS


def peak_mib(pid: int) -> float:
    """The most memory that a process and its descendants ever had resident, each at its own peak, in MiB.

    Unlike ``ru_maxrss`` it begins anew with a new program, so a child's is not at least its parent's.
    """
    peaks = 0
    for member in _families((pid,)):
        with suppress(OSError):  # it ended meanwhile
            lines = (_PROC / str(member) / "status").read_text().splitlines()
            peaks += next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
    return peaks / 2**10


def _families(pids: tuple[int, ...]) -> dict[int, list[str]]:
    """These processes and their descendants that are there now, each with what its ``stat`` says."""
    everybody = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # The name before it is in brackets, and may hold blanks and brackets itself.
                everybody[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
    found = {pid: everybody[pid] for pid in pids}
    while new := {
        pid: fields for pid, fields in everybody.items() if int(fields[_PARENT]) in found and pid not in found
    }:
        found |= new
    return found
