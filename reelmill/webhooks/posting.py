"""One POST to the receiver, and what its answer means. No redirect is followed, no cookie kept, no proxy used."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpcore
import httpx

from reelmill.network import BoundedBackend, exact_url, trusted_authorities
from reelmill.webhooks.backoff import retry_after_s
from reelmill.webhooks.receiver import READ_BYTES, ForbiddenAddress, Receiver
from reelmill.webhooks.signature import signed_headers

__all__ = ["Answer", "post", "trust"]

_GONE = 410
_HOLD_BACK = (429, 503)
_SAID = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. ``status`` is None if nothing did; ``said`` is short and free of secrets."""

    status: int | None
    said: str
    asked_s: float = 0.0  # how long Retry-After asks to wait

    @property
    def delivered(self) -> bool:
        """The receiver has taken it."""
        return self.status is not None and httpx.codes.is_success(self.status)

    @property
    def gone(self) -> bool:
        """The receiver wants no more of it: not now, and not later."""
        return self.status == _GONE

    @property
    def holds_back(self) -> bool:
        """The receiver asks for a pause, from everybody."""
        return self.status in _HOLD_BACK and self.asked_s > 0


def trust(receiver: Receiver) -> ssl.SSLContext | None:
    """The authorities that an https receiver is believed by; made once. Raises FixConfiguration."""
    return trusted_authorities() if receiver.parts.scheme == "https" else None


def post(
    receiver: Receiver, message_id: str, body: bytes, *, tls: ssl.SSLContext | None, timeout_s: float | None = None
) -> Answer:
    """Sign ``body`` as of now and send it once. Never raises for what the network or the receiver does.

    But for the look-up of the name, the whole call, with every byte of a slow answer, ends after ``timeout_s``
    seconds (those of the receiver if not given).
    """
    try:
        addresses = receiver.addresses()
    except ForbiddenAddress as error:
        return Answer(status=None, said=error.problem)
    except OSError:
        return Answer(status=None, said=f"The host of {receiver.origin} has no address.")
    deadline = time.monotonic() + (receiver.timeout_s if timeout_s is None else timeout_s)
    backend = BoundedBackend(deadline=lambda: deadline, resolver=lambda _host, _port: addresses)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=backend) as pool,
            pool.stream(
                "POST", exact_url(receiver.url), headers=_headers(receiver, message_id, body), content=body
            ) as response,
        ):
            return _answer(receiver, response)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        return Answer(status=None, said=f"{receiver.origin} was not reached ({type(error).__name__}).")


def _headers(receiver: Receiver, message_id: str, body: bytes) -> list[tuple[str, str]]:
    signed = signed_headers(receiver.keys, message_id, int(time.time()), body)
    return [
        ("Host", receiver.origin.partition("://")[2]),
        ("User-Agent", "reelmill"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
        *signed.items(),
    ]


def _answer(receiver: Receiver, response: httpcore.Response) -> Answer:
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    asked_s = retry_after_s(headers.get(b"retry-after", ""), datetime.now(UTC))
    if httpx.codes.is_success(response.status):
        return Answer(status=response.status, said=f"HTTP {response.status}")
    said = f"HTTP {response.status} {receiver.words(_beginning(response), _SAID)}".rstrip()
    return Answer(status=response.status, said=said, asked_s=asked_s)


def _beginning(response: httpcore.Response) -> bytes:
    """The beginning of what a refusal says; a broken end of it changes nothing about the status."""
    body = bytearray()
    try:
        for chunk in response.iter_stream():
            body += chunk
            if len(body) >= READ_BYTES:
                break
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
        pass
    return bytes(body)
