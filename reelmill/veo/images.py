"""Product pictures fetched safely: a feed must not make us read what only we can reach.

https only, no credentials or cookies, at most five redirects. At every hop the name is resolved once, every
address must be public, and the connection goes to the very addresses that were checked, so a name that changes
its mind between check and use gains nothing. Proxies of the environment are not used, for the same reason.
"""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from reelmill.addresses import is_loopback, is_public
from reelmill.errors import ReelmillError, TryLater
from reelmill.network import BoundedBackend, Resolver, pinned_addresses, resolve, trusted_authorities
from reelmill.scrub import scrub
from reelmill.settings import Settings
from reelmill.signatures import unsigned
from reelmill.veo.image_header import foreign_format, read_header

__all__ = ["FetchedImage", "ImageFetcher", "ImageRefused", "ImageUnreachable"]

_RETRIES = 2  # of a connection that does not come about, within the same deadline: shops cut some off under load
_MAX_REDIRECTS = 5
_MAX_PIXELS = 100_000_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_EXPIRED = frozenset({400, 401, 403})  # what shops and clouds answer to a signature that no longer opens
_OK = 200
_PORTS = {"https": 443, "http": 80}
_FIRST_FREE_PORT = 1024  # below live mail, shells and the like, which a TLS greeting could upset
_HEADERS = [
    (b"User-Agent", b"reelmill"),
    (b"Accept", b"image/jpeg, image/png"),
    (b"Accept-Encoding", b"identity"),
    (b"Connection", b"close"),
]


class ImageRefused(ReelmillError):  # noqa: N818 - named like its family
    """A product picture that will not be used: wrong address, type or size. The same one fails again."""


class ImageUnreachable(TryLater):
    """The shop's server did not give the picture now; nothing is lost, fetch it again."""


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """A JPEG or PNG with its SHA-256 (hex) and its size in pixels."""

    data: bytes
    mime_type: str
    sha256: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """The file name ending that belongs to the type."""
        return ".png" if self.mime_type == "image/png" else ".jpg"


class ImageFetcher:
    """Fetches pictures. Keeps nothing between calls, so threads may share it.

    ``rehearsal_origin`` (like ``http://127.0.0.1:8080``) is for tests and rehearsals: that one origin, and no
    other, may be http and on this machine.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 20_971_520,
        timeout_s: float = 30,
        rehearsal_origin: str | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._rehearsal = _origin(urlsplit(rehearsal_origin)) if rehearsal_origin else None
        self._resolver = resolver
        self._tls = tls or trusted_authorities()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Limits from the settings image_max_bytes and image_timeout_s."""
        return cls(max_bytes=settings.image_max_bytes, timeout_s=settings.image_timeout_s)

    def fetch(self, url: str) -> FetchedImage:
        """The picture at ``url``.

        Raises ImageRefused if it can never be used, ImageUnreachable if it may be there later.
        """
        deadline = time.monotonic() + self._timeout_s
        for _hop in range(_MAX_REDIRECTS + 1):
            answer = self._get(url, deadline)
            if isinstance(answer, bytes):
                return self._image(url, answer)
            url = answer
        raise ImageRefused(f"{_shown(url)} redirects more than {_MAX_REDIRECTS} times.", "Give the final address.")

    def _get(self, url: str, deadline: float) -> bytes | str:
        """One hop: the body, or the address to go on to."""
        parts = _parsed(url)
        addresses = self._checked_addresses(url, parts)
        backend = BoundedBackend(deadline=lambda: deadline, resolver=lambda _host, _port: addresses)
        host = (parts.hostname or "").encode("idna")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        where = httpcore.URL(
            scheme=parts.scheme.encode(), host=host, port=parts.port, target=target.encode("ascii", "strict")
        )
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend, retries=_RETRIES) as pool,
                pool.stream("GET", where, headers=_with_host(where)) as response,
            ):
                return self._read(url, response)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise ImageUnreachable(
                f"{_shown(url)} was not reached ({type(error).__name__}: {scrub(error, 120)}).",
                "Check that the address opens in a browser, then run again.",
            ) from None

    def _read(self, url: str, response: httpcore.Response) -> bytes | str:
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS and headers.get("location"):
            try:
                return urljoin(url, headers["location"])
            except ValueError:
                raise ImageRefused(
                    f"{_shown(url)} redirects to what is no address.", "Give the final address."
                ) from None
        if response.status in _PASSING:
            raise ImageUnreachable(f"{_shown(url)} answers HTTP {response.status}.", "Run again later.")
        if response.status in _EXPIRED and unsigned(url) != url:
            raise ImageUnreachable(
                f"{_shown(url)} answers HTTP {response.status}: its signature may have expired.",
                "Export the feed again, then run the catalog again.",
            )
        if response.status != _OK:
            raise ImageRefused(f"{_shown(url)} answers HTTP {response.status}.", "Correct the address in the feed.")
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise ImageRefused(
                f"{_shown(url)} is sent compressed although we refused that.", "Have the server send plain images."
            )
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            raise self._too_large(url)
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large(url)
        return bytes(body)

    def _checked_addresses(self, url: str, parts: SplitResult) -> Sequence[str]:
        """Resolve the host once; the addresses that the connection may go to."""
        rehearsal = self._rehearsal is not None and _origin(parts) == self._rehearsal
        if parts.scheme != "https" and not rehearsal:
            raise ImageRefused(f"{_shown(url)} is not https.", "Give an https:// or gs:// address.")
        port = parts.port if parts.port is not None else _PORTS[parts.scheme]
        if port != _PORTS["https"] and port < _FIRST_FREE_PORT and not rehearsal:
            raise ImageRefused(f"{_shown(url)} is on port {port}.", "Serve product pictures on port 443.")
        try:
            addresses = pinned_addresses(
                parts.hostname or "", port, resolver=self._resolver, allowed=is_loopback if rehearsal else is_public
            )
        except OSError:
            raise ImageUnreachable(
                f"The host of {_shown(url)} has no address.", "Check the name, then run again."
            ) from None
        if addresses is None:
            raise ImageRefused(
                f"{_shown(url)} leads to an address that is not public.", "Host product pictures publicly, or in gs://."
            )
        return addresses

    def _image(self, url: str, data: bytes) -> FetchedImage:
        header = read_header(data)
        if header is None:
            raise ImageRefused(
                f"{_shown(url)} is {foreign_format(data)}, not a JPEG or PNG.", "Export the picture as JPEG or PNG."
            )
        if header.pixels > _MAX_PIXELS:
            raise ImageRefused(
                f"{_shown(url)} has {header.width}x{header.height} pixels.", "Scale it to 4000 pixels or fewer a side."
            )
        digest = hashlib.sha256(data).hexdigest()
        return FetchedImage(data, header.mime_type, digest, header.width, header.height)

    def _too_large(self, url: str) -> ImageRefused:
        return ImageRefused(
            f"{_shown(url)} is larger than {self._max_bytes:,} bytes.", "Give a smaller picture (Veo takes 20 MB)."
        )


def _parsed(url: str) -> SplitResult:
    problem = "Correct the address in the feed."
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise ImageRefused(f"{scrub(url, 200)} has characters that must be percent-encoded.", problem)
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
        (parts.hostname or "").encode("idna")
    except ValueError:  # UnicodeError is one
        raise ImageRefused(f"{scrub(url, 200)} is no address.", problem) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ImageRefused(f"{scrub(url, 200)} is no https:// address.", problem)
    if parts.username is not None or parts.password is not None:
        raise ImageRefused(f"{_shown(url)} carries a user name or password.", "Give a public address.")
    return parts


def _with_host(where: httpcore.URL) -> list[tuple[bytes, bytes]]:
    host = b"[" + where.host + b"]" if b":" in where.host else where.host
    port = where.port or _PORTS[where.scheme.decode()]
    usual = port == _PORTS[where.scheme.decode()]
    return [(b"Host", host if usual else host + f":{port}".encode()), *_HEADERS]


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _shown(url: str) -> str:
    """The address without what may be secret in it: query, fragment, user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return scrub(url, 200)
    return scrub(f"{parts.scheme}://{parts.hostname or ''}{parts.path}", 200)
