"""A proxy between a worker and PostgreSQL that takes the connection away around a chosen COMMIT."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Cut", "DatabaseProxy", "database_proxy"]

_COMMIT = b"COMMIT\0"  # as the driver sends it, in one packet; parameters hold no zero bytes
_CHUNK = 65536


class Cut(StrEnum):
    """When a connection is lost around a COMMIT."""

    BEFORE = "database lost before COMMIT"  # the server never sees it
    AFTER = "database lost after COMMIT"  # it took effect, and nobody is told
    RESTARTED = "database restarted at COMMIT"  # the server has it, and is ended as by a crash


@dataclass
class DatabaseProxy:
    """``cuts`` says at which COMMIT (from 1, over all connections) what happens; ``restart`` restarts the server."""

    server_port: int
    restart: Callable[[], None] = lambda: None
    port: int = 0
    commits: int = 0
    cuts: dict[int, Cut] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, cuts: dict[int, Cut]) -> None:
        """Count from the beginning again."""
        with self._turn:
            self.commits, self.cuts = 0, dict(cuts)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Nothing happens meanwhile, so that whoever looks at the server past this proxy finds it there."""
        with self._turn:
            yield

    def serve(self, client: socket.socket) -> None:
        """One connection to its end."""
        try:
            server = socket.create_connection(("127.0.0.1", self.server_port), timeout=10)
        except OSError:  # it is being restarted
            _close(client)
            return
        server.settimeout(None)
        deaf = threading.Event()  # set: what the server says is kept from the client
        back = threading.Thread(target=_answers, args=(server, client, deaf), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while data := client.recv(_CHUNK):
                cut = self._pass_on(data, server, deaf)
                if cut is Cut.BEFORE:
                    break
                if cut is not None:
                    back.join()  # it ends with the answer
                    break
        _close(client)
        _close(server)
        back.join()

    def _pass_on(self, data: bytes, server: socket.socket, deaf: threading.Event) -> Cut | None:
        """Hand it on, or do what is due at a COMMIT. One at a time: a server that restarts is not restarted again."""
        if _COMMIT not in data:
            server.sendall(data)
            return None
        with self._turn:
            self.commits += 1
            cut = self.cuts.pop(self.commits, None)
            if cut is None:
                server.sendall(data)
                return None
            self.made[cut] += 1
            if cut is Cut.BEFORE:
                return cut
            deaf.set()
            server.sendall(data)
            if cut is Cut.RESTARTED:
                self.restart()
            return cut


def _answers(server: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(_CHUNK):
            if deaf.is_set():
                return
            client.sendall(data)
    _close(client)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def database_proxy(server_port: int, restart: Callable[[], None] = lambda: None) -> Iterator[DatabaseProxy]:
    """A proxy before the PostgreSQL at ``server_port`` of this machine."""
    proxy = DatabaseProxy(server_port, restart)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.port = listener.getsockname()[1]

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
