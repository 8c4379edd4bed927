"""The gallery as a web application for this machine: its own files, its media, and decisions that are kept at once.

A page of another origin that runs in the same browser must neither read nor decide here. So the whole application
lies below a secret path, the Host header must name this machine (DNS rebinding), and a decision must come from our
own page (Origin) as JSON, which no plain form can send.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reelmill.errors import FixConfiguration, ReelmillError

__all__ = ["Desk", "new_secret", "review_app"]

_MOST_POSTED = 2 << 20
_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json"}
_TYPES |= {".js": "text/javascript; charset=utf-8", ".jpg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"content-security-policy": b"frame-ancestors 'none'",
    b"cache-control": b"no-store",
}


class Desk(Protocol):
    """Where the application's answers come from. Blocking and thread-safe."""

    def page(self, name: str) -> Path | None:
        """A file of the gallery itself."""
        ...

    def decisions(self) -> bytes:
        """The script with the decisions so far."""
        ...

    def media(self, folder: str, name: str) -> Path | None:
        """A poster, a video or a kept picture."""
        ...

    def record(self, posted: bytes) -> dict[str, Any]:
        """Keep posted decisions; what became of them. Raises FixConfiguration for what holds none."""
        ...


def new_secret() -> str:
    """A part of an address that nobody can guess."""
    return secrets.token_urlsafe(24)


def review_app(desk: Desk, *, secret: str, hosts: frozenset[str]) -> ASGIApp:
    """The application below ``/secret/``; ``hosts`` are the Host headers that it answers to, with their port."""
    inside = _Inside(desk, frozenset(f"http://{host}" for host in hosts))
    routes = [
        Route("/", inside.index),
        Route("/decisions", inside.record, methods=["POST"]),
        Route("/decisions.js", inside.decisions),
        Route("/media/{folder}/{name}", inside.media),
        Route("/{name}", inside.page),
    ]
    return _Guard(Starlette(routes=[Mount(f"/{secret}", routes=routes)]), hosts)


@dataclass(frozen=True, slots=True)
class _Inside:
    """The handlers. Those that are no coroutines run in threads."""

    desk: Desk
    origins: frozenset[str]

    def index(self, request: Request) -> Response:
        """Relative links need the file's own name."""
        return RedirectResponse(str(request.url.path).rstrip("/") + "/index.html")

    def page(self, request: Request) -> Response:
        """A file of the page."""
        return _file(self.desk.page(request.path_params["name"]))

    def decisions(self, _request: Request) -> Response:
        """Fresh at every load, so that a page that is loaded again shows what was decided."""
        return _answered(lambda: Response(self.desk.decisions(), media_type=_TYPES[".js"]))

    def media(self, request: Request) -> Response:
        """With ranges, so that a video seeks."""
        folder, name = request.path_params["folder"], request.path_params["name"]
        return _answered(lambda: _file(self.desk.media(folder, name)))

    async def record(self, request: Request) -> Response:
        """Only from our own page, only JSON, only so much."""
        if request.headers.get("origin") not in self.origins:
            return JSONResponse({"error": "Decisions are taken from the gallery's own page only."}, 403)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return JSONResponse({"error": "Decisions are sent as JSON."}, 415)
        posted = bytearray()
        async for part in request.stream():
            posted += part
            if len(posted) > _MOST_POSTED:
                return JSONResponse({"error": "Too many decisions at once."}, 413)
        return await run_in_threadpool(_answered, lambda: JSONResponse(self.desk.record(bytes(posted))))


def _file(path: Path | None) -> Response:
    if path is None:
        return PlainTextResponse("There is no such file.", 404)
    return FileResponse(path, media_type=_TYPES.get(path.suffix, "application/octet-stream"))


def _answered(answer: Callable[[], Response]) -> Response:
    """What went wrong, in Reelmill's words."""
    try:
        return answer()
    except ReelmillError as error:
        return JSONResponse({"error": str(error)}, 400 if isinstance(error, FixConfiguration) else 503)


@dataclass(frozen=True, slots=True)
class _Guard:
    """Every answer carries the headers that keep it here; a Host that is not ours gets nothing."""

    app: ASGIApp
    hosts: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        named = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                ours = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in _ALWAYS]
                message = {**message, "headers": [*ours, *_ALWAYS.items()]}
            await send(message)

        if len(named) != 1 or named[0] not in self.hosts:
            await PlainTextResponse("This is not the address of this gallery.", 421)(scope, receive, guarded)
            return
        await self.app(scope, receive, guarded)
