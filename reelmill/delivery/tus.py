"""Requests of the tus protocol 1.0 (resumable uploads), signed, each with a deadline; and what their answers mean.

Protocol: https://tus.io/protocols/resumable-upload (version 1.0.0, read 2026-11): core and creation. One question is
added to it: ``HEAD`` on the creation address and the content's SHA-256 says what the server has of that content.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from reelmill.errors import FixAccess, FixConfiguration
from reelmill.network import BoundedBackend, exact_url
from reelmill.webhooks.backoff import retry_after_s
from reelmill.webhooks.receiver import READ_BYTES, Receiver
from reelmill.webhooks.signature import signed_headers

__all__ = ["VERSION", "Answer", "Broken", "Content", "TusClient"]

VERSION = "1.0.0"
"""The version of the protocol that is spoken."""

_MOST_DIGITS = 18  # of a number of bytes
_OFFSET, _LENGTH = "upload-offset", "upload-length"
_AGAIN = frozenset({408, 409, 423, 425, 429})
_SAID = 120


class Broken(Exception):  # noqa: N818 - it is no error yet: the upload goes on
    """The request or its answer broke off, or the server asks for another try, ``asked_s`` seconds later at least."""

    def __init__(self, said: str, asked_s: float = 0.0) -> None:
        super().__init__(said)
        self.said, self.asked_s = said, asked_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is uploaded: its SHA-256 (hex) and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. ``said`` is short and free of secrets."""

    status: int
    headers: Mapping[str, str]
    said: str

    def number(self, name: str) -> int | None:
        """A header that is a whole number."""
        text = self.headers.get(name, "").strip()
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None

    @property
    def offset(self) -> int | None:
        """How many bytes the server has."""
        return self.number(_OFFSET)

    @property
    def length(self) -> int | None:
        """How many it expects in all."""
        return self.number(_LENGTH)


@dataclass(slots=True)
class TusClient:
    """One connection after the other to one server. No redirect is followed, no cookie kept, no proxy used."""

    receiver: Receiver
    token: str = field(repr=False)
    tls: ssl.SSLContext | None = None
    _deadline: float = 0.0
    _pool: httpcore.ConnectionPool | None = None

    def close(self) -> None:
        """Give the connection back."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def of_content(self, content: Content) -> str:
        """The address that tells what the server has of this content."""
        parts = self.receiver.parts
        return parts._replace(path=f"{parts.path.rstrip('/')}/{content.sha256}").geturl()

    def look(self, address: str, content: Content) -> Answer:
        """Ask how far an upload, or what is known of a content, is."""
        return self._call("HEAD", address, content)

    def create(self, content: Content, metadata: str) -> Answer:
        """Ask for a new upload."""
        headers = {"Upload-Length": str(content.size), "Upload-Metadata": metadata, "Content-Length": "0"}
        return self._call("POST", self.receiver.url, content, headers)

    def send(self, address: str, content: Content, offset: int, piece: Iterator[bytes], size: int) -> Answer:
        """Send ``size`` bytes that begin at ``offset``."""
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
        }
        return self._call("PATCH", address, content, headers, body=piece)

    def followed(self, location: str) -> str:
        """The address that the server names for an upload. Raises FixConfiguration for one on another server."""
        try:
            address = urljoin(self.receiver.url, location)
            same = _server(urlsplit(address)) == _server(self.receiver.parts)
        except ValueError:
            same = False
        if not same or not address.isascii() or any(char.isspace() or not char.isprintable() for char in address):
            raise FixConfiguration(
                f"{self.receiver.origin} wants uploads sent to another server.", "Name that server as cms_url instead."
            )
        return address

    def _call(
        self,
        method: str,
        address: str,
        content: Content,
        headers: Mapping[str, str] | None = None,
        *,
        body: Iterator[bytes] | None = None,
    ) -> Answer:
        """One request. Raises Broken when another try may help, FixAccess when the server does not know us."""
        self._deadline = time.monotonic() + self.receiver.timeout_s
        sent = list(self._headers(method, address, content, headers or {}).items())
        try:
            with self._open().stream(method, exact_url(address), headers=sent, content=body) as response:
                answer, asked_s = _read(self.receiver, response)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            self.close()
            raise Broken(f"the connection broke ({type(error).__name__})") from None
        except OSError:
            self.close()
            raise Broken("its host has no address") from None
        if answer.status in (401, 403):
            raise FixAccess(
                f"{self.receiver.origin} refused us: {answer.said}.",
                "Check REELMILL_CMS_TOKEN, and that the CMS knows REELMILL_WEBHOOK_SECRET.",
            )
        if answer.status in _AGAIN or answer.status >= 500:  # noqa: PLR2004 - server errors
            self.close()
            raise Broken(answer.said, asked_s)
        return answer

    def _open(self) -> httpcore.ConnectionPool:
        if self._pool is None:
            # The name is looked up, and what it leads to is checked, for each connection.
            backend = BoundedBackend(
                deadline=lambda: self._deadline, resolver=lambda _host, _port: self.receiver.addresses()
            )
            self._pool = httpcore.ConnectionPool(ssl_context=self.tls, network_backend=backend, max_connections=1)
        return self._pool

    def _headers(self, method: str, address: str, content: Content, more: Mapping[str, str]) -> dict[str, str]:
        target = urlsplit(address)._replace(scheme="", netloc="").geturl()
        headers = {
            "Host": self.receiver.origin.partition("://")[2],
            "User-Agent": "reelmill",
            "Accept-Encoding": "identity",
            "Tus-Resumable": VERSION,
            **more,
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.receiver.keys:
            # The bytes themselves are known by their hash, which is the id and so is signed with the rest.
            signed = f"{method} {target}\n{more.get('Upload-Offset', 0)}\n{more.get('Upload-Length', 0)}"
            headers |= signed_headers(self.receiver.keys, f"upload_{content.sha256}", int(time.time()), signed.encode())
        return headers


def _server(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _read(receiver: Receiver, response: httpcore.Response) -> tuple[Answer, float]:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk[: READ_BYTES - len(body)]
    words = receiver.words(bytes(body), _SAID)
    said = f"HTTP {response.status} {words}".rstrip()
    asked_s = retry_after_s(headers.get("retry-after", ""), datetime.now(UTC))
    return Answer(status=response.status, headers=headers, said=said), asked_s
