from __future__ import annotations

import io
import re
import time
from collections import Counter

import av
import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.simulator.faults import MEANINGS, Fault, FaultPlan, PromptFaults, Stage
from tests.support.services import simulator
from tests.support.vertex_http import VertexHttp

SUPPORT_CODE = re.compile(r"Support codes?: ([0-9, ]+)")


def forced(kind, tag=""):
    return f"A mug {tag} [[fault:{kind}]]"


def only(veo, prompt):
    """Journal records of a prompt."""
    return [record for record in veo.journal() if record["prompt"] == prompt]


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("400", 400, "INVALID_ARGUMENT"),
        ("400_filter", 400, "INVALID_ARGUMENT"),
        ("401", 401, "UNAUTHENTICATED"),
        ("403", 403, "PERMISSION_DENIED"),
        ("404", 404, "NOT_FOUND"),
        ("429", 429, "RESOURCE_EXHAUSTED"),
        ("500_before", 500, "INTERNAL"),
        ("503_before", 503, "UNAVAILABLE"),
        ("504_before", 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_refusals_accept_nothing(veo, http, kind, code, status):
    prompt = forced(kind)
    answer = http.submit(prompt)
    assert (answer.status_code, answer.json()["error"]["status"]) == (code, status)
    assert not only(veo, prompt)


@pytest.mark.parametrize(("kind", "code"), [("500_after", 500), ("503_after", 503), ("504_after", 504)])
def test_errors_after_accepting_are_still_billed(veo, http, kind, code):
    prompt = forced(kind)
    assert http.submit(prompt).status_code == code
    (record,) = only(veo, prompt)
    http.result(record["operation"])
    assert only(veo, prompt)[0]["amount_usd"] == "0.80"


@pytest.mark.parametrize(
    ("kind", "error", "accepted"),
    [
        ("drop_before", httpx.RemoteProtocolError, 0),
        ("drop_after_accept", httpx.RemoteProtocolError, 1),
        ("reset_after_accept", httpx.ReadError, 1),
        ("half_body", httpx.RemoteProtocolError, 1),
    ],
)
def test_broken_connections(veo, http, kind, error, accepted):
    prompt = forced(kind)
    with pytest.raises(error):
        http.submit(prompt)
    assert len(only(veo, prompt)) == accepted


@pytest.mark.parametrize(("kind", "body"), [("empty_body", b""), ("list_body", b"[]"), ("malformed_body", b"<html")])
def test_bodies_that_name_no_operation(veo, http, kind, body):
    prompt = forced(kind)
    answer = http.submit(prompt)
    assert answer.status_code == 200
    assert answer.content[:5] == body[:5]
    assert len(only(veo, prompt)) == 1


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_slow_answers_come_whole_after_a_while(veo, http, kind):
    started = time.monotonic()
    assert http.accepted(forced(kind))
    assert time.monotonic() - started >= 0.35


def test_an_impatient_client_leaves_a_slow_operation_behind(veo):
    prompt = forced("slow", "impatient")
    with pytest.raises(httpx.ReadTimeout):
        VertexHttp(veo.url, timeout_s=0.1).submit(prompt)
    assert len(only(veo, prompt)) == 1


@pytest.mark.parametrize(("kind", "accepted"), [("redirect", 1), ("redirect_after", 2)])
def test_redirects_lead_a_follower_to_post_again(veo, http, kind, accepted):
    prompt = forced(kind)
    body = {"instances": [{"prompt": prompt}]}
    before = veo.stats()["posts"]
    answer = http.request("POST", http.path("predictLongRunning"), json=body, follow_redirects=True)
    assert answer.history[0].status_code == 307
    assert answer.json()["name"]
    assert len(only(veo, prompt)) == accepted
    assert veo.stats()["posts"] >= before + 2


def test_never_done_stays_pending_and_unbilled(veo, http):
    prompt = forced("never_done")
    name = http.accepted(prompt)
    other = http.accepted()
    http.result(other)
    assert http.poll(name).json() == {"name": name}
    assert (only(veo, prompt)[0]["outcome"], only(veo, prompt)[0]["amount_usd"]) == ("running", "0")


def test_late_done_takes_its_time_and_is_billed(veo, http):
    prompt = forced("late_done")
    started = time.monotonic()
    http.result(http.accepted(prompt))
    assert time.monotonic() - started >= 0.55
    assert only(veo, prompt)[0]["amount_usd"] == "0.80"


@pytest.mark.parametrize(("kind", "code"), [("error_3", 3), ("error_8", 8), ("error_13", 13), ("error_14", 14)])
def test_operation_errors(veo, http, kind, code):
    prompt = forced(kind)
    answer = http.result(http.accepted(prompt))
    assert answer["done"] is True
    assert answer["error"]["code"] == code
    assert (only(veo, prompt)[0]["outcome"], only(veo, prompt)[0]["amount_usd"]) == ("failed", "0")


@pytest.mark.parametrize("kind", ["prompt_filter", "image_filter"])
def test_blocked_inputs_name_a_support_code_and_cost_nothing(veo, http, kind):
    prompt = forced(kind)
    failure = http.result(http.accepted(prompt))["error"]
    assert failure["code"] == 3
    assert SUPPORT_CODE.search(failure["message"])
    assert (only(veo, prompt)[0]["outcome"], only(veo, prompt)[0]["amount_usd"]) == ("filtered", "0")


def test_filtered_output_has_no_videos_no_error_and_no_price(veo, http):
    prompt = forced("output_filter")
    response = http.result(http.accepted(prompt, sampleCount=2))["response"]
    assert "videos" not in response
    assert response["raiMediaFilteredCount"] == 2
    assert SUPPORT_CODE.search(response["raiMediaFilteredReasons"][0])
    assert (only(veo, prompt)[0]["outcome"], only(veo, prompt)[0]["amount_usd"]) == ("filtered", "0")


def test_partial_returns_and_bills_fewer(veo, http):
    prompt = forced("partial")
    response = http.result(http.accepted(prompt, sampleCount=3))["response"]
    assert len(response["videos"]) == 2
    assert response["raiMediaFilteredCount"] == 1
    record = only(veo, prompt)[0]
    assert (record["outcome"], record["returned"], record["amount_usd"]) == ("partial", 2, "1.60")


def test_partial_of_one_is_filtered(veo, http):
    prompt = forced("partial", "one")
    assert "videos" not in http.result(http.accepted(prompt))["response"]
    assert only(veo, prompt)[0]["outcome"] == "filtered"


def test_a_forgotten_operation_is_billed_all_the_same(veo, http):
    prompt = forced("poll_gone")
    name = http.accepted(prompt)
    assert http.poll(name).status_code == 404
    assert wait_for(lambda: only(veo, prompt)[0]["amount_usd"] == "0.80")


def test_answers_that_leave_something_out(http):
    assert "done" not in http.result(http.accepted(forced("missing_done")))
    without = http.result(http.accepted(forced("error_without_done")))
    assert without.keys() == {"name", "error"}
    assert http.result(http.accepted(forced("done_only"))).keys() == {"name", "done"}
    assert http.result(http.accepted(forced("empty_response")))["response"] == {}
    assert "name" not in http.result(http.accepted(forced("nameless_poll")))


def test_a_missing_object_is_named_but_not_there(http, storage):
    bucket = storage.bucket()
    answer = http.result(http.accepted(forced("missing_object"), storageUri=f"gs://{bucket}/x"))
    assert answer["response"]["videos"][0]["gcsUri"].startswith(f"gs://{bucket}/x/")
    assert not list(storage.client().list_blobs(bucket))


def test_videos_with_something_wrong(http, storage):
    bucket = storage.bucket()

    def video(kind):
        answer = http.result(http.accepted(forced(kind), durationSeconds=4, storageUri=f"gs://{bucket}/{kind}"))
        return storage.read(answer["response"]["videos"][0]["gcsUri"])

    def frames(data):
        with av.open(io.BytesIO(data)) as container:
            return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]

    black = frames(video("black_video"))
    assert len(black) == 96
    assert max(frame.max() for frame in black) <= 17
    frozen = frames(video("frozen_video"))
    assert frozen[0].mean() > 40
    assert max(np.abs(frame - frozen[24]).mean() for frame in frozen[24:]) < 0.2
    with pytest.raises((av.FFmpegError, AssertionError)):
        assert len(frames(video("truncated_video"))) == 96


@pytest.mark.parametrize(("kind", "code"), [("poll_429", 429), ("poll_500", 500), ("poll_503", 503)])
def test_polls_that_fail_twice_and_then_work(http, kind, code):
    name = http.accepted(forced(kind))
    assert [http.poll(name).status_code for _ in range(2)] == [code, code]
    assert http.result(name)["response"]["videos"]


def test_polls_that_break(http):
    name = http.accepted(forced("poll_drop"))
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            http.poll(name)
    assert http.poll(name).status_code == 200
    assert http.poll(http.accepted(forced("poll_malformed"))).content.startswith(b"<html")
    started = time.monotonic()
    assert http.poll(http.accepted(forced("poll_slow"))).status_code == 200
    assert time.monotonic() - started >= 0.35


def test_a_prompt_can_ask_for_a_fault_a_few_times_only(http):
    prompt = "A mug [[fault:503_before:2]]"
    assert [http.submit(prompt).status_code for _ in range(3)] == [503, 503, 200]


def test_an_unknown_fault_in_a_prompt_is_refused(http):
    assert http.submit(forced("nonsense")).status_code == 400


def test_prompts_force_nothing_unless_allowed(storage):
    with simulator(storage.url, latency="60") as service:
        assert VertexHttp(service.url).submit(forced("429")).status_code == 200


def test_the_same_seed_gives_the_same_outcomes(storage):
    faults = {"429": 0.2, "output_filter": 0.2, "error_13": 0.2, "500_after": 0.1}

    def outcomes(seed):
        with simulator(storage.url, faults=faults, seed=seed, latency="0", video_scale=0.1) as service:
            http = VertexHttp(service.url)
            codes = [http.submit().status_code for _ in range(25)]
            assert wait_for(lambda: service.stats()["running"] == 0)
            return codes, [(record["fault"], record["outcome"], record["message"]) for record in service.journal()]

    first = outcomes(7)
    assert first == outcomes(7)
    assert first != outcomes(8)


def test_every_kind_is_explained_once():
    assert set(MEANINGS) == set(Fault)
    assert {stage for stage, _ in MEANINGS.values()} == set(Stage)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(), ordinal=st.integers(1, 10**6), share=st.floats(0, 1))
def test_draws_depend_on_seed_and_ordinal_only(seed, ordinal, share):
    plan = FaultPlan(seed, {Fault.HTTP_429: share, Fault.POLL_503: 1 - share})
    again = FaultPlan(seed, {Fault.HTTP_429: share, Fault.POLL_503: 1 - share})
    assert plan.for_submit(ordinal) == again.for_submit(ordinal)
    assert plan.for_submit(ordinal) in (None, Fault.HTTP_429)
    assert plan.for_poll(ordinal, 1) in (None, Fault.POLL_503)


def test_probabilities_are_met():
    plan = FaultPlan(1, {Fault.HTTP_429: 0.3, Fault.SLOW: 0.2})
    drawn = Counter(plan.for_submit(ordinal) for ordinal in range(5000))
    assert drawn[Fault.HTTP_429] == pytest.approx(1500, abs=150)
    assert drawn[Fault.SLOW] == pytest.approx(1000, abs=150)


def test_prompt_faults_count_each_prompt_apart():
    faults = PromptFaults()
    assert faults.for_prompt("a [[fault:429:1]]") is Fault.HTTP_429
    assert faults.for_prompt("a [[fault:429:1]]") is None
    assert faults.for_prompt("b [[fault:429:1]]") is Fault.HTTP_429
    assert faults.for_prompt("plain") is None


def wait_for(condition, deadline_s=10):
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
