"""What an operation's answer means, as google-genai hands it over; and that a poll may be retried."""

from __future__ import annotations

import base64
import time

import pytest

from reelmill.settings import Settings
from reelmill.veo.outcomes import Failed, Finished, OperationGone, Pending, ReturnedVideo, Unreachable
from reelmill.veo.vertex import VertexBackend
from tests.support.postcount import OPERATION, answer, drip, drop, post_counter, silent

TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
FILTERED = "Veo could not generate 1 videos based on the prompt provided. Support codes: 42237218"


@pytest.fixture(scope="module")
def server():
    with post_counter(answer(200, {})) as counter:
        yield counter


@pytest.fixture(scope="module")
def vertex(server):
    settings = Settings(project="p", vertex_base_url=server.url, poll_timeout_s=10)
    with VertexBackend.from_settings(settings) as backend:
        yield backend


@pytest.fixture
def poll(server, vertex):
    def poll(*behaviours):
        server.behaviours[:] = behaviours
        server.seen.clear()
        return vertex.poll(OPERATION)

    return poll


def done(**fields):
    return answer(200, {"name": OPERATION, "done": True, **fields})


def response(**fields):
    return done(response={"@type": TYPE, **fields})


VIDEO = {"gcsUri": "gs://b/p/123/sample_0.mp4", "mimeType": "video/mp4"}
RETURNED = ReturnedVideo(uri="gs://b/p/123/sample_0.mp4", data=None)


def test_the_poll_goes_where_the_name_says(server, poll):
    assert poll(answer(200, {"name": OPERATION})) == Pending()
    (seen,) = server.seen
    assert seen.path == f"/v1/{OPERATION.partition('/operations/')[0]}:fetchPredictOperation"
    assert seen.json() == {"operationName": OPERATION}


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (answer(200, {"name": OPERATION, "done": False}), Pending()),
        (response(raiMediaFilteredCount=0, videos=[VIDEO]), Finished((RETURNED,))),
        (
            response(videos=[{"bytesBase64Encoded": base64.b64encode(b"mp4").decode(), "mimeType": "video/mp4"}]),
            Finished((ReturnedVideo(uri=None, data=b"mp4"),)),
        ),
        (
            response(videos=[VIDEO], raiMediaFilteredCount="1", raiMediaFilteredReasons=[FILTERED]),
            Finished((RETURNED,), 1, (FILTERED,)),
        ),
        (response(raiMediaFilteredCount=1, raiMediaFilteredReasons=[FILTERED]), Finished((), 1, (FILTERED,))),
        (response(), Finished(())),
        (done(), Finished(())),
        (done(error={"code": 3, "message": "Unsupported duration"}), Failed(3, "Unsupported duration")),
        (answer(200, {"name": OPERATION, "error": {"code": 13, "message": "Internal"}}), Failed(13, "Internal")),
        (done(error={"message": "odd"}), Failed(2, "odd")),
        (answer(200, {"done": True, "response": {"videos": [VIDEO]}}), Finished((RETURNED,))),
    ],
)
def test_answers(poll, behaviour, outcome):
    assert poll(behaviour) == outcome


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_operation_is_gone(poll, status):
    assert isinstance(poll(answer(status, {"error": {"code": status, "message": "no such"}})), OperationGone)


@pytest.mark.parametrize("name", ["", "abc", "operations/1", f"https://evil.test/{OPERATION}", f"{OPERATION}/../x"])
def test_a_name_that_is_none_is_never_asked_for(server, vertex, name):
    server.seen.clear()
    assert isinstance(vertex.poll(name), OperationGone)
    assert server.seen == []


@pytest.mark.parametrize("status", [401, 403, 429, 307])
def test_refused_polls_are_asked_again_later(server, poll, status):
    refused = answer(status, {"error": {"code": status}}, headers={"Location": "{url}/elsewhere"})
    assert isinstance(poll(refused), Unreachable)
    assert len(server.seen) == 1


def test_server_errors_are_retried_within_the_poll(server, poll):
    busy = answer(503, {"error": {"code": 503}})
    assert poll(busy, busy, answer(200, {"name": OPERATION})) == Pending()
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    "behaviour", [drop, answer(200, raw=b"<html>"), response(videos=[{"bytesBase64Encoded": "!"}])]
)
def test_broken_answers_are_asked_again_later(poll, behaviour):
    assert isinstance(poll(behaviour), Unreachable)


@pytest.mark.parametrize("behaviour", [silent, drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")])
def test_a_poll_ends_at_its_deadline(behaviour):
    with post_counter(behaviour) as counter:
        settings = Settings(project="p", vertex_base_url=counter.url, poll_timeout_s=0.3)
        with VertexBackend.from_settings(settings) as vertex:
            started = time.monotonic()
            assert isinstance(vertex.poll(OPERATION), Unreachable)
            assert time.monotonic() - started < 8


def test_polls_share_a_connection(server, poll):
    poll(answer(200, {"name": OPERATION}))
    before = server.connections
    for _ in range(3):
        poll(answer(200, {"name": OPERATION}))
    assert server.connections == before
