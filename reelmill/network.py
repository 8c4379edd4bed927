"""Sockets with one deadline for everything: connecting, TLS, writing, and every read of a slow answer.

httpx times each read, so a server that drips a byte a second can hold a thread for hours. Here every wait is
cut to what is left of the call's own deadline. The first write can be watched, which is how we know, byte
for byte, whether a request may have reached anybody.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

import httpcore
import httpx

from reelmill.errors import FixConfiguration

__all__ = ["BoundedBackend", "Resolver", "exact_url", "pinned_addresses", "resolve", "trusted_authorities"]

Resolver = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host, in the order in which they are tried. Raises OSError if there are none."""

_CHUNK_BYTES = 65_536


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver knows for ``host``, without repeats."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def pinned_addresses(
    host: str, port: int, *, resolver: Resolver, allowed: Callable[[str], bool]
) -> Sequence[str] | None:
    """The addresses to connect to, best first, if every one of ``host`` is ``allowed``; None if one is not.

    A name is looked up once, and the connection goes to what was checked, so that a name that changes its mind
    between check and use gains nothing. Raises OSError if the name has no address.
    """
    try:
        addresses = resolver(host, port)
    except UnicodeError:
        addresses = []
    if not addresses:
        raise OSError(f"{host} has no address")
    return addresses if all(map(allowed, addresses)) else None


def exact_url(url: str) -> httpcore.URL:
    """An address with all of its path: httpcore, reading it from a text, would drop what a ``;`` parts from it."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=target)


def trusted_authorities() -> ssl.SSLContext:
    """The authorities that servers are believed by. Reading them takes a moment. Raises FixConfiguration."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise FixConfiguration(
            f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates that can be read: {error.strerror or error}.",
            "Correct it, or take it out of the environment.",
        ) from None


class BoundedBackend(httpcore.NetworkBackend):
    """Opens connections that end at a deadline.

    ``deadline`` gives the ``time.monotonic()`` at which the call in hand ends. ``before_write`` is shown what
    is about to be written; what it raises stops the write.
    """

    def __init__(
        self,
        *,
        deadline: Callable[[], float],
        resolver: Resolver = resolve,
        before_write: Callable[[bytes], None] | None = None,
    ) -> None:
        self._deadline = deadline
        self._resolver = resolver
        self._before_write = before_write
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of ``host`` that answers; each has its share of the time that is left."""
        try:
            addresses = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} does not resolve") from error
        refused: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError(f"{host} has no address")
        for number, address in enumerate(addresses):
            share = _left(timeout, self._deadline(), httpcore.ConnectTimeout) / (len(addresses) - number)
            try:
                stream = self._sockets.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
            else:
                return _BoundedStream(stream, self._deadline, self._before_write)
        raise refused


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline."""

    def __init__(
        self,
        stream: httpcore.NetworkStream,
        deadline: Callable[[], float],
        before_write: Callable[[bytes], None] | None,
    ) -> None:
        self._stream = stream
        self._deadline = deadline
        self._before_write = before_write

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, self._deadline(), httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._before_write is not None:
            self._before_write(buffer)
        for start in range(0, len(buffer), _CHUNK_BYTES):
            left = _left(timeout, self._deadline(), httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _CHUNK_BYTES], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, self._deadline(), httpcore.ConnectTimeout)
        secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return _BoundedStream(secured, self._deadline, self._before_write)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, deadline: float, too_late: type[httpcore.TimeoutException]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise too_late("the deadline of the whole call has passed")
    return left if timeout is None else min(timeout, left)
