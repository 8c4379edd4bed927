"""Submits under every circumstance, in a process of its own; prints what was sent and what was made of it.

``python -m tests.support.submit_circumstances {with,without}-aiohttp``
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time

if sys.argv[1] == "without-aiohttp":
    sys.modules["aiohttp"] = None  # importing it fails from here on

from reelmill.clip import VideoRequest
from reelmill.platforms import NativeRatio
from reelmill.settings import Settings
from reelmill.veo.vertex import VertexBackend
from tests.support.postcount import OPERATION, answer, drip, drop, half, post_counter, reset, silent

REQUEST = VideoRequest(model="veo-3.1-fast-generate-001", prompt="a kettle", aspect_ratio=NativeRatio.PORTRAIT)
OK = answer(200, {"name": OPERATION})
ERROR = {"error": {"code": 0, "message": "told to", "status": "WHATEVER"}}
ELSEWHERE = {"Location": "{url}/elsewhere"}

CIRCUMSTANCES = {
    "accepted": OK,
    "dropped": drop,
    "reset": reset,
    "half_body": half,
    "silent": silent,
    "dripped_body": drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n"),
    "dripped_head": drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    **{f"status_{code}": answer(code, ERROR) for code in (400, 401, 403, 404, 408, 409, 413, 429, 499)},
    **{f"status_{code}": answer(code, ERROR) for code in (500, 502, 503, 504)},
    **{f"redirect_{code}": answer(code, ERROR, headers=ELSEWHERE) for code in (301, 302, 303, 307, 308)},
    "no_content": answer(204, raw=b"", headers={"Content-Length": "0"}),
    "not_json": answer(200, raw=b"<html>proxy login</html>"),
    "bad_gzip": answer(200, raw=b"not gzip", headers={"Content-Encoding": "gzip"}),
    "empty": answer(200, raw=b""),
    "list": answer(200, []),
    "null": answer(200, None),
    "no_name": answer(200, {}),
    "empty_name": answer(200, {"name": ""}),
    "number_name": answer(200, {"name": 7}),
    "list_503": answer(503, [ERROR]),
    "text_500": answer(500, raw=b"oops"),
}
HASTY_S = 1.0
SLOW = ("silent", "dripped_body", "dripped_head")


def backend(url: str, timeout_s: float = 10) -> VertexBackend:
    settings = Settings(project="p", vertex_base_url=url, submit_timeout_s=timeout_s, poll_timeout_s=timeout_s)
    return VertexBackend.from_settings(settings)


def submit(vertex: VertexBackend, *, may_send=lambda: True):
    return vertex.submit(REQUEST, media={}, storage_uri=None, labels={}, before_send=may_send)


def told(outcome, counter=None, **more) -> dict[str, object]:
    return {
        "outcome": type(outcome).__name__,
        "refusal": getattr(outcome, "refusal", None),
        "code": getattr(outcome, "code", None),
        "text": getattr(outcome, "reason", None) or getattr(outcome, "message", None),
        "posts": counter.posts() if counter else 0,
        "requests": len(counter.seen) if counter else 0,
        **more,
    }


def every_circumstance() -> dict[str, dict[str, object]]:
    results = {}
    with post_counter(OK) as counter, backend(counter.url) as patient, backend(counter.url, HASTY_S) as hasty:
        for name, behaviour in CIRCUMSTANCES.items():
            counter.behaviours[:] = [behaviour, OK]
            counter.seen.clear()
            started = time.monotonic()
            outcome = submit(hasty if name in SLOW else patient)
            results[name] = told(outcome, counter, took_s=time.monotonic() - started)
    return results


def refused_connection() -> dict[str, object]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with backend(f"http://127.0.0.1:{port}") as vertex:
        return told(submit(vertex))


def unknown_host() -> dict[str, object]:
    settings = Settings(project="p", vertex_base_url="http://nowhere.invalid", vertex_token="t", submit_timeout_s=5)
    with VertexBackend.from_settings(settings) as vertex:
        return told(submit(vertex))


def not_permitted() -> dict[str, object]:
    with post_counter(OK) as counter, backend(counter.url) as vertex:
        return told(submit(vertex, may_send=lambda: False), counter)


def two_event_loops() -> dict[str, object]:
    with post_counter(OK) as counter, backend(counter.url) as vertex:
        outcomes = [asyncio.run(asyncio.to_thread(submit, vertex)) for _ in range(2)]
        return told(outcomes[1], counter, both=[type(outcome).__name__ for outcome in outcomes])


def many_threads() -> dict[str, object]:
    async def together(vertex):
        return await asyncio.gather(*(asyncio.to_thread(submit, vertex) for _ in range(20)))

    with post_counter(OK) as counter, backend(counter.url) as vertex:
        outcomes = asyncio.run(together(vertex))
        return told(outcomes[0], counter, both=sorted({type(outcome).__name__ for outcome in outcomes}))


def main() -> None:
    results = every_circumstance()
    for special in (refused_connection, unknown_host, not_permitted, two_event_loops, many_threads):
        results[special.__name__] = special()
    from google.genai import _api_client

    results["library"] = {"has_aiohttp": _api_client.has_aiohttp}
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
