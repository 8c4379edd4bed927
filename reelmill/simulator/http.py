"""A small HTTP/1.1 server with its hands on the socket, so that answers can fail as networks do.

Parsing is h11's. An answer leaves in one write: two writes would cost a client 40 ms (delayed ACK).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import cast

import h11

__all__ = ["Delivery", "Reply", "Request", "start_server"]

_MAX_BODY = 256 * 1024 * 1024
_MAX_HEAD = 64 * 1024
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Delivery(Enum):
    """How an answer goes over the wire."""

    WHOLE = auto()
    DROP = auto()  # close without a byte
    RESET = auto()  # RST without a byte
    HALF = auto()  # announce the body, send half of it, close
    DRIP = auto()  # byte by byte over ``Reply.over_s`` seconds


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer and how it is delivered: after ``delay_s`` seconds, dripping over ``over_s`` seconds."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    delivery: Delivery = Delivery.WHOLE
    delay_s: float = 0.0
    over_s: float = 0.0


Handler = Callable[[Request], Reply | Awaitable[Reply]]


async def start_server(handler: Handler, host: str, port: int) -> tuple[asyncio.Server, int]:
    """Listen; returns the server and its port. Raises OSError if the port is taken."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(handler), host, port, backlog=1024)
    return server, server.sockets[0].getsockname()[1]


class _Connection(asyncio.Protocol):
    """One client connection: requests in, answers out, in order."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answering: asyncio.Future[None] | None = None  # held, or the loop could lose it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.receive_data(data)
            self._advance()
        except h11.RemoteProtocolError as error:
            self._refuse(error)

    def _advance(self) -> None:
        while self._transport is not None:
            event = self._parser.next_event()
            if isinstance(event, h11.Request):
                self._head, self._body = event, bytearray()
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > _MAX_BODY:
                    raise h11.RemoteProtocolError("The body is too large.", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage):
                self._answer()
            elif isinstance(event, h11.ConnectionClosed):
                self._transport.close()
                return
            else:  # NEED_DATA, or PAUSED until the answer under way is out
                if self._parser.they_are_waiting_for_100_continue:
                    self._write(self._parser.send(h11.InformationalResponse(status_code=100, headers=[])))
                return

    def _answer(self) -> None:
        assert self._head is not None
        path, _, query = self._head.target.decode("ascii").partition("?")
        method = self._head.method.decode("ascii")
        reply = self._handler(Request(method, path, query, dict(self._head.headers), bytes(self._body)))
        self._body = bytearray()
        if not isinstance(reply, Reply):
            self._answering = asyncio.ensure_future(self._answer_later(reply))
        elif reply.delay_s > 0:
            asyncio.get_running_loop().call_later(reply.delay_s, self._deliver_late, reply)
        else:
            self._deliver(reply)

    async def _answer_later(self, coming: Awaitable[Reply]) -> None:
        reply = await coming
        await asyncio.sleep(reply.delay_s)
        self._deliver_late(reply)

    def _deliver_late(self, reply: Reply) -> None:
        self._deliver(reply)
        self._advance()

    def _deliver(self, reply: Reply) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if reply.delivery is Delivery.DROP:
            self._transport.close()
        elif reply.delivery is Delivery.RESET:
            connection = cast("socket.socket", self._transport.get_extra_info("socket"))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            self._transport.abort()
        elif reply.delivery is Delivery.HALF:
            self._write(self._encode(reply, len(reply.body) // 2))
            self._transport.close()
        elif reply.delivery is Delivery.DRIP:
            data = self._encode(reply)
            self._drip(data, reply.over_s / max(len(data), 1))
        else:
            self._write(self._encode(reply))
            self._finish_cycle()

    def _encode(self, reply: Reply, keep: int | None = None) -> bytes:
        headers = [("Content-Type", reply.content_type), *reply.headers, ("Content-Length", str(len(reply.body)))]
        reason = HTTPStatus(reply.status).phrase
        head = self._parser.send(h11.Response(status_code=reply.status, reason=reason, headers=headers)) or b""
        if keep is not None:
            return head + reply.body[:keep]
        body = self._parser.send(h11.Data(data=reply.body)) or b""
        return head + body + (self._parser.send(h11.EndOfMessage()) or b"")

    def _drip(self, data: bytes, pause: float) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data[:1])
        if len(data) > 1:
            asyncio.get_running_loop().call_later(pause, self._drip, data[1:], pause)
        else:
            self._finish_cycle()
            self._advance()

    def _finish_cycle(self) -> None:
        if self._parser.our_state is h11.DONE and self._parser.their_state is h11.DONE:
            self._parser.start_next_cycle()
        elif self._transport is not None:
            self._transport.close()

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        reply = Reply(status=error.error_status_hint, body=str(error).encode(), content_type="text/plain")
        if self._parser.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._write(self._encode(reply))
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes | None) -> None:
        if data and self._transport is not None:
            self._transport.write(data)
