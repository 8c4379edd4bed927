"""A server that counts requests at the TCP level and answers them as badly as it is told to."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["OPERATION", "PostCounter", "Seen", "answer", "drip", "drop", "half", "post_counter", "reset", "silent"]

OPERATION = (
    "projects/p/locations/us-central1/publishers/google/models/veo-3.1-fast-generate-001/operations/"
    "0b5f2c1e-5a3f-4b52-9d0c-6f6f3d3f0a11"
)


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


Behaviour = Callable[[socket.socket, "PostCounter"], bool]
"""Answers one request; True if the connection may carry another."""


@dataclass
class PostCounter:
    """The server's side of the story."""

    url: str
    behaviours: list[Behaviour]
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def posts(self) -> int:
        return sum(1 for request in self.seen if request.method == "POST")

    def note(self, request: Seen) -> Behaviour:
        """Record a request and pick its behaviour: the last one repeats."""
        with self.lock:
            self.seen.append(request)
            return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


def answer(status: int, body: object = None, *, raw: bytes | None = None, headers: dict[str, str] | None = None):
    """A whole answer; ``raw`` instead of JSON if given."""

    def behave(connection: socket.socket, counter: PostCounter) -> bool:
        content = raw if raw is not None else json.dumps(body).encode()
        lines = {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}
        head = f"HTTP/1.1 {status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(head.replace("{url}", counter.url).encode() + b"\r\n" + content)
        return True

    return behave


def drop(connection: socket.socket, counter: PostCounter) -> bool:
    """The request was read whole; then the connection ends without a word."""
    return False


def reset(connection: socket.socket, counter: PostCounter) -> bool:
    """The request was read whole; then the connection is torn down."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def half(connection: socket.socket, counter: PostCounter) -> bool:
    """An answer that ends in the middle of its body."""
    connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"name": "proj'
    )
    return False


def silent(connection: socket.socket, counter: PostCounter) -> bool:
    """No answer at all."""
    counter.stop.wait()
    return False


def drip(start: bytes) -> Behaviour:
    """Begin with ``start`` and go on one byte at a time, each well within any timeout per read."""

    def behave(connection: socket.socket, counter: PostCounter) -> bool:
        connection.sendall(start)
        while not counter.stop.wait(0.05):
            connection.sendall(b" " if start.endswith(b"\n\r\n") else b"x")
        return False

    return behave


@contextmanager
def post_counter(*behaviours: Behaviour, port: int = 0) -> Iterator[PostCounter]:
    """Serve on a free port of 127.0.0.1 (or on ``port``, to come back there) until the block ends."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(0.05)
    counter = PostCounter(f"http://127.0.0.1:{listener.getsockname()[1]}", list(behaviours))
    accepting = threading.Thread(target=_accept, args=(listener, counter), daemon=True)
    accepting.start()
    try:
        yield counter
    finally:
        counter.stop.set()
        accepting.join(5)
        listener.close()


def _accept(listener: socket.socket, counter: PostCounter) -> None:
    while not counter.stop.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        counter.connections += 1
        threading.Thread(target=_serve, args=(connection, counter), daemon=True).start()


def _serve(connection: socket.socket, counter: PostCounter) -> None:
    connection.settimeout(10)
    with connection, suppress(OSError):
        while not counter.stop.is_set():
            request = _read_request(connection)
            if request is None or not counter.note(request)(connection, counter):
                return


def _read_request(connection: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    method, path, _ = first.split(" ", 2)
    return Seen(method, path, headers, body)
