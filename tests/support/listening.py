"""Where a process and its children listen, as the kernel says."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["listening"]

_LISTEN = "0A"
_SOCKET = re.compile(r"socket:\[(\d+)\]")


def listening(pid: int) -> set[tuple[str, int]]:
    """Address and port of every TCP socket on which ``pid`` or one of its descendants accepts connections."""
    ours = {inode for process in _family(pid) for inode in _sockets(process)}
    return {address for inode, address in _listeners() if inode in ours}


def _family(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _sockets(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if found := _SOCKET.fullmatch(str(entry.readlink())):
                    yield found[1]


def _listeners() -> Iterator[tuple[str, tuple[str, int]]]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN:
                    host, _, port = fields[1].partition(":")
                    yield fields[9], (_address(host), int(port, 16))


def _address(text: str) -> str:
    """The kernel writes addresses as 32-bit words in its own byte order."""
    words = b"".join(socket.htonl(int(text[at : at + 8], 16)).to_bytes(4) for at in range(0, len(text), 8))
    return str(ipaddress.ip_address(words))
