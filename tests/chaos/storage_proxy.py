"""A proxy between Reelmill and Cloud Storage: it makes trouble where it is told to, and records every write.

The simulator writes its videos past it, so that what is recorded is what Reelmill itself did.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

__all__ = ["Operation", "StorageProxy", "Trouble", "Wrong", "storage_proxy"]

_NAMED = re.compile(rb'"name":\s*"([^"]+)"')
_WRITTEN_AGAIN = ("/tables/", "/gallery/", "reelmill-doctor.txt")  # what is made to be; all else is written once
_HEAD = 4096  # bytes of an upload in which its name stands
_PASSED_ON = {"content-type", "range", "accept-encoding", "x-upload-content-type", "content-range"}
_PASSED_BACK = {
    "content-type",
    "content-range",
    "content-encoding",
    "x-goog-hash",
    "x-goog-generation",
    "etag",
    "range",
}


class Operation(StrEnum):
    """What a request does."""

    WRITE = "write"
    READ = "read"
    LIST = "list"
    DELETE = "delete"
    OTHER = "other"


class Wrong(StrEnum):
    """What goes wrong with a request."""

    REFUSED = "storage 503 before"  # nothing was done
    UNANSWERED = "storage 503 after"  # it was done
    CUT = "storage cut before"
    CUT_AFTER = "storage cut after"
    SLOW = "storage slow"

    @property
    def done(self) -> bool:
        """Whether the request takes effect all the same."""
        return self in (Wrong.UNANSWERED, Wrong.CUT_AFTER, Wrong.SLOW)


@dataclass(slots=True)
class Trouble:
    """For the next ``times`` requests of a kind whose object has ``part`` in its name."""

    wrong: Wrong
    operation: Operation
    part: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class _Request:
    operation: Operation
    name: str
    guarded: bool  # it may only create


@dataclass
class StorageProxy:
    """``troubles`` may be filled at any time; listings leave out what is younger than ``lag_s`` seconds."""

    url: str = ""
    troubles: list[Trouble] = field(default_factory=list)
    lag_s: float = 0
    slow_s: float = 1
    made: Counter[str] = field(default_factory=Counter)  # troubles made, by kind
    hidden: int = 0  # objects left out of listings
    _written: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _broken: list[str] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def trouble_for(self, request: _Request) -> Wrong | None:
        """Take one trouble that is due."""
        with self._turn:
            for trouble in self.troubles:
                if trouble.times and trouble.operation is request.operation and trouble.part in request.name:
                    trouble.times -= 1
                    self.made[trouble.wrong] += 1
                    return trouble.wrong
        return None

    def record(self, request: _Request, status: int, answer: bytes) -> None:
        """Remember what took effect."""
        if status >= 300 or any(part in request.name for part in _WRITTEN_AGAIN):
            return
        with self._turn:
            if request.operation is Operation.DELETE:
                self._broken.append(f"{request.name} was deleted")
            if request.operation is Operation.WRITE and b'"md5Hash"' in answer:
                contents = self._written[request.name]
                contents.add(json.loads(answer)["md5Hash"])
                if not request.guarded:
                    self._broken.append(f"{request.name} was written without ifGenerationMatch=0")
                if len(contents) > 1:
                    self._broken.append(f"{request.name} was written again with other content")

    def broken(self) -> list[str]:
        """Every broken promise as a sentence."""
        with self._turn:
            return list(self._broken)

    def listing(self, answer: bytes) -> bytes:
        """A listing as it is seen ``lag_s`` later than the writes."""
        page = json.loads(answer)
        now = datetime.now(UTC)
        items = page.get("items", [])
        old = [item for item in items if (now - _created(item)).total_seconds() >= self.lag_s]
        self.hidden += len(items) - len(old)
        return json.dumps({**page, "items": old}).encode()


def _created(item: dict[str, str]) -> datetime:
    moment = re.sub(r"(\.\d{6})\d+", r"\1", item["timeCreated"])  # nanoseconds are more than Python reads
    return datetime.fromisoformat(moment)


def _understood(method: str, target: str, body: bytes) -> _Request:
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query))
    found = re.search(r"/b/[^/]+/o(?:/(.+))?$", parts.path)
    name = unquote(found[1]) if found and found[1] else query.get("name", "")
    if "/upload/" in parts.path:
        named = _NAMED.search(body[:_HEAD])
        return _Request(
            Operation.WRITE, name or (named[1].decode() if named else ""), query.get("ifGenerationMatch") == "0"
        )
    if method == "GET" and found:
        return _Request(Operation.READ if found[1] else Operation.LIST, name or query.get("prefix", ""), guarded=True)
    return _Request(Operation.DELETE if method == "DELETE" else Operation.OTHER, name, guarded=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: the other side was killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: StorageProxy
    upstream: str

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = _understood(self.command, self.path, body)
        wrong = self.proxy.trouble_for(request)
        if wrong is Wrong.SLOW:
            time.sleep(self.proxy.slow_s)
        status, headers, answer = 503, {"Content-Type": "text/plain"}, b"told to"
        if wrong is None or wrong.done:
            status, headers, answer = self._passed_on(request, body)
            self.proxy.record(request, status, answer)
        if wrong in (Wrong.CUT, Wrong.CUT_AFTER):
            self.close_connection = True
            return
        if wrong is Wrong.UNANSWERED:
            status, headers, answer = 503, {"Content-Type": "text/plain"}, b"told to"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _passed_on(self, request: _Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        target = self.path
        listing = request.operation is Operation.LIST
        if listing:  # ages are needed, whatever was asked for
            parts = urlsplit(target)
            kept = [(name, value) for name, value in parse_qsl(parts.query) if name != "fields"]
            target = f"{parts.path}?{urlencode(kept)}"
        connection = HTTPConnection(self.upstream, timeout=30)
        try:
            passed = {name: value for name, value in self.headers.items() if name.lower() in _PASSED_ON}
            connection.request(self.command, target, body, passed)
            response = connection.getresponse()
            answer = response.read()
            back = {name: value for name, value in response.getheaders() if name.lower() in _PASSED_BACK}
        finally:
            connection.close()
        if listing and response.status == 200:
            answer = self.proxy.listing(answer)
        return response.status, back, answer

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815 - the names that http.server calls


@contextmanager
def storage_proxy(storage_url: str) -> Iterator[StorageProxy]:
    """A proxy before the Cloud Storage stand-in at ``storage_url``."""
    proxy = StorageProxy()
    told = {"proxy": proxy, "upstream": urlsplit(storage_url).netloc}
    with _Server(("127.0.0.1", 0), type("_Told", (_Handler,), told)) as server:
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield proxy
        finally:
            server.shutdown()
