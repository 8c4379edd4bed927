"""Whatever an answer holds, the real client and we make one outcome of it; nothing is raised, nothing leaks."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reelmill.platforms import NativeRatio
from reelmill.settings import Settings
from reelmill.veo.explain import classify
from reelmill.veo.outcomes import (
    Accepted,
    Failed,
    Finished,
    OperationGone,
    Pending,
    Refused,
    Unclear,
    Unreachable,
)
from reelmill.veo.vertex import VertexBackend
from tests.support.fuzzing import NASTY_TEXT, fuzz, grown, is_one_line
from tests.support.postcount import OPERATION, post_counter, silent
from tests.support.production import clip

TOKEN = "ya29.SECRET-token"
KEYS = st.sampled_from(
    ["name", "done", "error", "response", "code", "message", "status", "details", "videos", "generatedVideos", "video",
     "gcsUri", "uri", "bytesBase64Encoded", "mimeType", "raiMediaFilteredCount", "raiMediaFilteredReasons", "metadata",
     "@type", "generatedSamples", "encodedVideo"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | NASTY_TEXT.map(lambda text: text.encode("utf-8", "replace").decode())
    | st.sampled_from(
        [OPERATION, "gs://b/p/1/sample_0.mp4", f"Bearer {TOKEN}", "https://x.example/?sig=SECRET", "AAAA", "!"]
    )
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)
# Near enough to real answers that the library goes on to read them.
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just(OPERATION) | LEAVES,
        "done": st.booleans() | LEAVES,
        "error": st.dictionaries(KEYS, LEAVES, max_size=3) | LEAVES,
        "response": st.fixed_dictionaries(
            {},
            optional={
                "videos": st.lists(st.dictionaries(KEYS, LEAVES, max_size=3) | LEAVES, max_size=3) | LEAVES,
                "raiMediaFilteredCount": LEAVES,
                "raiMediaFilteredReasons": st.lists(LEAVES, max_size=3) | LEAVES,
            },
        )
        | JSON,
    },
)
BODIES = (
    (JSON | OPERATIONS).map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=100)
    | st.sampled_from(
        [b"", b"[]", b"null", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe{}", b"1" * 5000, b'{"name":' + b'"' * 3]
    )
)
STATUSES = st.sampled_from(
    [200, 200, 200, 200, 204, 301, 307, 400, 401, 403, 404, 409, 418, 429, 499, 500, 503, 504, 599]
)
ENDS = st.sampled_from(["closed", "short", "long", "none"])


@pytest.fixture(scope="module")
def server():
    with post_counter(silent) as counter:
        yield counter


@pytest.fixture(scope="module")
def vertex(server):
    settings = Settings(
        project="p", vertex_base_url=server.url, vertex_token=TOKEN, poll_timeout_s=2, submit_timeout_s=2
    )
    with VertexBackend.from_settings(settings) as backend:
        yield backend


def answering(status: int, body: bytes, end: str = "closed", headers: bytes = b"Content-Type: application/json\r\n"):
    """An answer that ends as announced, too early, too late, or without announcing anything."""
    length = {"closed": len(body), "short": len(body) + 7, "long": max(0, len(body) - 3), "none": None}[end]
    announced = b"" if length is None else b"Content-Length: %d\r\n" % length

    def behave(connection, counter):
        connection.sendall(b"HTTP/1.1 %d Whatever\r\n%s%s\r\n%s" % (status, headers, announced, body))
        return False

    return behave


def check_texts(*texts: str) -> None:
    for text in texts:
        assert is_one_line(text)
        assert len(text) < 3000
        assert "SECRET" not in text


def check_polled(outcome) -> None:
    match outcome:
        case Pending():
            pass
        case Finished():
            check_texts(*outcome.filtered_reasons)
            assert isinstance(outcome.filtered_count, int)
            assert all(video.uri or video.data for video in outcome.videos)
            check_texts(classify(outcome, 2).message)
        case Failed():
            assert outcome.code > 0
            check_texts(outcome.message, classify(outcome, 1).message)
        case OperationGone():
            check_texts(outcome.message)
        case Unreachable():
            check_texts(outcome.reason)
        case _:
            pytest.fail(f"no outcome of a poll: {outcome!r}")


@fuzz(120)
@given(STATUSES.filter(lambda status: status not in (500, 503, 504)), BODIES, ENDS)  # those are asked again, slowly
@example(503, b"[]", "short")
@example(200, json.dumps({"done": True, "response": {"videos": [{"gcsUri": 7}]}}).encode(), "closed")
@example(200, json.dumps({"done": True, "error": {"code": -1, "message": None}}).encode(), "closed")
@example(200, json.dumps({"done": True, "error": "boom"}).encode(), "closed")
@example(403, json.dumps({"error": {"code": "x", "message": ["a"], "status": 7}}).encode(), "closed")
@example(403, b'[{"error": 7}]', "closed")
@example(301, b'{"status": "Bearer SECRET\\u0000"}', "closed")
@example(200, b'{"name": ["https://cdn.example.com/a.jpg?X-Goog-Signature=SECRET"]}', "closed")  # quoted with a hole
def test_any_answer_to_a_poll(server, vertex, status, body, end):
    server.seen.clear()
    server.behaviours[:] = [answering(status, body, end)]
    check_polled(vertex.poll(OPERATION))


@fuzz(120)
@given(STATUSES, BODIES, ENDS)
def test_any_answer_to_a_submit(server, vertex, status, body, end):
    server.behaviours[:] = [answering(status, body, end)]
    before = server.posts()
    request = clip(model="veo-3.1-fast-generate-001").request
    assert request.aspect_ratio is NativeRatio.PORTRAIT
    outcome = vertex.submit(request, media={}, storage_uri="gs://b/p", labels={"sku": "s"}, before_send=lambda: True)
    assert server.posts() == before + 1
    match outcome:
        case Accepted():
            assert status < 300
            assert outcome.operation.strip()
            check_polled(vertex.poll(f"{outcome.operation}/.."))
        case Refused():
            assert 400 <= status < 500
            check_texts(outcome.message)
        case Unclear():
            check_texts(outcome.reason)
        case _:
            pytest.fail(f"no outcome of a submit: {outcome!r}")
    if status >= 500:
        assert isinstance(outcome, Unclear)


@fuzz(100)
@given(
    st.binary(max_size=150)
    | st.builds(
        lambda head, rest: b"HTTP/1.1 200 " + head + b"\r\n" + rest, st.binary(max_size=30), st.binary(max_size=99)
    )
    | st.builds(
        lambda name, value: b"HTTP/1.1 200 OK\r\n" + name + b": " + value + b"\r\n\r\n{}",
        st.binary(max_size=20),
        st.binary(max_size=40),
    )
)
@example(b"HTTP/1.1 100 Continue\r\n\r\n" * 99)
@example(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")
@example(b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=klingon\r\nContent-Length: 2\r\n\r\n{}")
@example(b"HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer " + b"x" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n")
def test_any_bytes_on_the_wire(server, vertex, raw):
    def behave(connection, counter):
        connection.sendall(raw)
        return False

    server.behaviours[:] = [behave]
    check_polled(vertex.poll(OPERATION))
    request = clip(model="veo-3.1-fast-generate-001").request
    outcome = vertex.submit(request, media={}, storage_uri="gs://b/p", labels={}, before_send=lambda: True)
    assert isinstance(outcome, Accepted | Refused | Unclear)
    if not isinstance(outcome, Accepted):
        check_texts(outcome.message if isinstance(outcome, Refused) else outcome.reason)


@fuzz(60)
@given(NASTY_TEXT)
def test_any_operation_name_that_was_stored(server, vertex, name):
    server.behaviours[:] = [answering(404, b"{}")]
    check_polled(vertex.poll(name))


def test_polling_for_ever_holds_no_memory(server, vertex):
    broken = [answering(200, body) for body in (b"{}", b'{"done": true, "error": {"code": 3}}', b"<html>", b"[[[", b"")]

    def once(number):
        server.seen.clear()
        server.behaviours[:] = [broken[number % len(broken)]]
        vertex.poll(OPERATION)

    assert grown(once, rounds=90) < 1_000_000
