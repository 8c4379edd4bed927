"""The wire under google-genai: one POST per submit at most, and certainty about whether it left.

* A submit travels on a connection of its own. A kept-alive one may be closed by the other side at the very
  moment we write, and then nobody can tell whether the job was taken.
* ``before_send`` is asked when the connection stands and the first byte is about to leave.
* A second request within one submit is stopped, whatever the library above intends.
* Nothing follows a redirect, nothing retries, and one deadline bounds the whole exchange.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from reelmill.errors import FixConfiguration
from reelmill.network import BoundedBackend, trusted_authorities

__all__ = ["Call", "Shot", "StoppedBeforeSending", "VertexTransport"]

_PAID_SUFFIXES = (":predictLongRunning", ":generateContent")
_CONNECT = b"CONNECT "  # what a proxy is told before the request itself
_KEEPALIVE_S = 30


class StoppedBeforeSending(Exception):  # noqa: N818 - it is a decision, not an error
    """We decided not to send; not one byte of the request left."""


@dataclass(slots=True)
class Call:
    """One exchange in hand; ``deadline`` is on the ``time.monotonic()`` clock."""

    deadline: float
    token: str = field(default="", kw_only=True)  # what the latest request was authorised with

    def admit(self, request: httpx.Request) -> None:
        """See each request before it goes."""
        self.token = request.headers.get("authorization", "").removeprefix("Bearer ")

    def before_write(self, first_bytes: bytes) -> None:
        """Told before bytes leave; an ordinary call does not mind."""


@dataclass(slots=True)
class Shot(Call):
    """One paid submit: asks for permission once, and remembers whether anything may have left."""

    before_send: Callable[[], bool] = field(kw_only=True)
    requests: int = 0
    sent: bool = False
    failure: BaseException | None = None  # what before_send itself raised

    def before_write(self, first_bytes: bytes) -> None:
        """Ask, once, before the first byte of the request; from then on it counts as sent."""
        if self.sent or first_bytes.startswith(_CONNECT):
            return
        try:
            permitted = self.before_send()
        except BaseException as error:
            self.failure = error
            raise
        if not permitted:
            raise StoppedBeforeSending("this worker no longer owns the clip")
        if time.monotonic() >= self.deadline:
            raise StoppedBeforeSending("the deadline passed before the first byte could leave")
        self.sent = True

    def admit(self, request: httpx.Request) -> None:
        """Let one request through, and no other."""
        Call.admit(self, request)
        self.requests += 1
        if self.requests > 1:
            raise StoppedBeforeSending("a second POST for one submit was stopped")


class _Current(threading.local):
    call: Call | None = None


class VertexTransport(httpx.BaseTransport):
    """Carries the requests of one Vertex AI endpoint. Thread-safe; proxies of the environment are honoured."""

    def __init__(self, base_url: str) -> None:
        context = trusted_authorities() if urlsplit(base_url).scheme == "https" else None
        self._current = _Current()
        self._submits = self._pool(base_url, context, keep=0)
        self._others = self._pool(base_url, context, keep=None)

    def _pool(self, base_url: str, context: ssl.SSLContext | None, keep: int | None) -> httpcore.ConnectionPool:
        backend = BoundedBackend(deadline=self._deadline, before_write=self._before_write)
        proxy = _proxy_for(base_url)
        return httpcore.ConnectionPool(
            ssl_context=context,
            proxy=proxy,
            max_connections=None,
            max_keepalive_connections=keep,
            keepalive_expiry=_KEEPALIVE_S,
            network_backend=backend,
        )

    @contextmanager
    def during(self, call: Call) -> Iterator[None]:
        """Everything that this thread sends inside belongs to ``call``."""
        self._current.call = call
        try:
            yield
        finally:
            self._current.call = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its whole answer."""
        paid = request.method == "POST" and request.url.path.endswith(_PAID_SUFFIXES)
        call = self._current.call
        if paid and not isinstance(call, Shot):
            raise StoppedBeforeSending("a paid request outside of a shot was stopped")
        if call is not None:
            call.admit(request)
        try:
            return _exchange(self._submits if paid else self._others, request, alone=paid)
        except httpcore.TimeoutException as error:
            raise _same_name(error, httpx.ReadTimeout)(str(error), request=request) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise _same_name(error, httpx.ReadError)(str(error), request=request) from error

    def close(self) -> None:
        """Close every connection."""
        self._submits.close()
        self._others.close()

    def _deadline(self) -> float:
        if self._current.call is None:
            raise StoppedBeforeSending("a request without a deadline was stopped")
        return self._current.call.deadline

    def _before_write(self, first_bytes: bytes) -> None:
        if self._current.call is not None:
            self._current.call.before_write(first_bytes)


def _exchange(pool: httpcore.ConnectionPool, request: httpx.Request, *, alone: bool) -> httpx.Response:
    outgoing = httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=_headers(request, alone=alone),
        content=request.read(),
        extensions={"timeout": request.extensions.get("timeout", {})},
    )
    answer = pool.handle_request(outgoing)
    try:
        body = answer.read()
    finally:
        answer.close()
    return httpx.Response(
        status_code=answer.status,
        headers=answer.headers,
        content=body,
        extensions={"reason_phrase": answer.extensions.get("reason_phrase", b"")},
    )


def _headers(request: httpx.Request, *, alone: bool) -> list[tuple[bytes, bytes]]:
    """The request's headers; ``alone`` keeps any other request off its connection, before and after."""
    if not alone:
        return list(request.headers.raw)
    kept = [(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
    return [*kept, (b"Connection", b"close")]


def _same_name(error: Exception, otherwise: type[httpx.RequestError]) -> type[httpx.RequestError]:
    """Httpx's own exception for one of httpcore's: google-genai knows only those."""
    found = getattr(httpx, type(error).__name__, otherwise)
    return found if isinstance(found, type) and issubclass(found, httpx.RequestError) else otherwise


def _proxy_for(base_url: str) -> httpcore.Proxy | None:
    """The environment's proxy for this endpoint, unless NO_PROXY names it. Raises FixConfiguration."""
    parts = urlsplit(base_url)
    proxies = getproxies()
    address = proxies.get(parts.scheme) or proxies.get("all")
    if not address or proxy_bypass(parts.hostname or ""):
        return None
    try:
        proxy = urlsplit(address if "://" in address else f"http://{address}")
        host, port = proxy.hostname, proxy.port or (443 if proxy.scheme == "https" else 80)
    except ValueError:  # half an IPv6 address, a port that is no number: its words could quote a password
        raise _of_no_use("has an address that cannot be read") from None
    if proxy.scheme not in ("http", "https"):
        raise _of_no_use(f"speaks {proxy.scheme}, which Reelmill does not")
    if not host:
        raise _of_no_use("has an address without a host")
    auth = (unquote(proxy.username), unquote(proxy.password or "")) if proxy.username else None
    return httpcore.Proxy(httpcore.URL(scheme=proxy.scheme, host=host, port=port, target="/"), auth=auth)


def _of_no_use(why: str) -> FixConfiguration:
    return FixConfiguration(
        f"The proxy of the environment {why}.",
        "Name an http:// proxy in HTTPS_PROXY, or the endpoint's host in NO_PROXY.",
    )
