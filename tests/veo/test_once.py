"""A submit leaves exactly once, and every way it can end is told apart; counted at the server's socket."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postcount import OPERATION, answer, post_counter

ROOT = Path(__file__).parents[2]
MODES = ("with-aiohttp", "without-aiohttp")

UNCLEAR = (
    *("dropped", "reset", "half_body", "silent", "dripped_body", "dripped_head"),
    *(f"status_{code}" for code in (408, 409, 499, 500, 502, 503, 504)),
    *(f"redirect_{code}" for code in (301, 302, 303, 307, 308)),
    *("no_content", "not_json", "bad_gzip", "empty", "list", "null", "no_name", "empty_name", "number_name"),
    *("list_503", "text_500"),
)
REFUSED = {
    "status_400": "bad_request",
    "status_401": "access",
    "status_403": "access",
    "status_404": "model_gone",
    "status_413": "bad_request",
    "status_429": "throttled",
}
NOT_SENT = ("refused_connection", "unknown_host", "not_permitted")


@pytest.fixture(scope="module", params=MODES)
def told(request):
    """What happened under every circumstance, in a process with or without aiohttp."""
    script = [sys.executable, "-m", "tests.support.submit_circumstances", request.param]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {"mode": request.param, **json.loads(done.stdout)}


def test_the_library_does_see_aiohttp_or_not(told):
    assert told["library"]["has_aiohttp"] is (told["mode"] == "with-aiohttp")


def test_accepted(told):
    assert told["accepted"]["outcome"] == "Accepted"
    assert told["accepted"]["posts"] == told["accepted"]["requests"] == 1


@pytest.mark.parametrize("circumstance", UNCLEAR)
def test_whatever_may_have_been_taken_is_unclear_and_sent_once(told, circumstance):
    result = told[circumstance]
    assert (result["outcome"], result["posts"], result["requests"]) == ("Unclear", 1, 1), result
    assert result["text"]


@pytest.mark.parametrize("circumstance", REFUSED)
def test_definite_refusals_are_sent_once(told, circumstance):
    result = told[circumstance]
    assert (result["outcome"], result["refusal"]) == ("Refused", REFUSED[circumstance])
    assert result["posts"] == result["requests"] == 1
    assert result["code"] == int(circumstance.removeprefix("status_"))


@pytest.mark.parametrize("circumstance", NOT_SENT)
def test_nothing_is_sent_without_connection_or_permission(told, circumstance):
    result = told[circumstance]
    assert (result["outcome"], result["refusal"], result["posts"]) == ("Refused", "not_sent", 0), result


@pytest.mark.parametrize("circumstance", ["silent", "dripped_body", "dripped_head"])
def test_the_deadline_is_for_the_whole_submit(told, circumstance):
    assert 1.0 <= told[circumstance]["took_s"] < 8


def test_two_event_loops_send_one_post_each(told):
    assert told["two_event_loops"]["both"] == ["Accepted", "Accepted"]
    assert told["two_event_loops"]["posts"] == 2


def test_twenty_threads_send_one_post_each(told):
    assert told["many_threads"]["both"] == ["Accepted"]
    assert told["many_threads"]["posts"] == 20


def careless_client(url: str, **options):
    """google-genai as its own samples use it."""
    from google.genai import Client, types
    from google.oauth2.credentials import Credentials

    http = types.HttpOptions(base_url=url, api_version="v1", timeout=5000, **options)
    return Client(
        vertexai=True, project="p", location="us-central1", credentials=Credentials(token="t"), http_options=http
    )


def careless_submit(client) -> None:
    from google.genai import types

    client.models.generate_videos(
        model="veo-3.1-fast-generate-001", source=types.GenerateVideosSource(prompt="a kettle")
    )


def test_the_counter_sees_a_client_that_retries():
    from google.genai import types

    busy = answer(503, {"error": {"code": 503}})
    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.01, max_delay=0.02, jitter=0.01)
    with post_counter(busy, busy, answer(200, {"name": OPERATION})) as counter:
        careless_submit(careless_client(counter.url, retry_options=retry))
        assert counter.posts() == 3


def test_the_counter_sees_a_client_that_follows_redirects():
    moved = answer(307, {}, headers={"Location": "{url}/elsewhere"})
    with post_counter(moved, answer(200, {"name": OPERATION})) as counter:
        careless_submit(careless_client(counter.url))
        assert counter.posts() == 2
