from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.simulator.quota import SlidingQuota
from tests.support.services import simulator
from tests.support.vertex_http import MODEL, VertexHttp


def test_the_next_submit_within_a_minute_is_refused_with_the_documented_text(storage):
    with simulator(storage.url, quota_per_minute=3, latency="0", video_scale=0.1) as service:
        http = VertexHttp(service.url)
        assert [http.submit().status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        text = http.submit().json()["error"]
        assert text["status"] == "RESOURCE_EXHAUSTED"
        assert text["message"].startswith(
            "Quota exceeded for aiplatform.googleapis.com/long_running_online_prediction_requests_per_base_model "
            f"with base model: {MODEL}."
        )
        assert http.submit(model="veo-3.1-generate-001").status_code == 200, "each model has its own"
        assert VertexHttp(service.url, project="q").submit().status_code == 200, "each project has its own"
        assert http.submit(durationSeconds=8, extra=1).status_code == 429
        assert http.request("POST", http.path("predictLongRunning"), content=b"").status_code == 400


def test_a_minute_later_there_is_room_again():
    quota = SlidingQuota(2)
    admitted = [quota.admit("m", at) for at in (0.0, 30.0, 59.9, 60.0, 60.1, 89.9, 90.0)]
    assert admitted == [True, True, False, True, False, False, True]


def test_zero_means_no_quota():
    assert all(SlidingQuota(0).admit("m", 0.0) for _ in range(1000))


@settings(max_examples=100)
@given(limit=st.integers(1, 5), gaps=st.lists(st.floats(0, 40), max_size=60))
def test_no_sixty_seconds_ever_hold_more_than_the_quota(limit, gaps):
    quota, now, admitted = SlidingQuota(limit), 0.0, []
    for gap in gaps:
        now += gap
        if quota.admit("m", now):
            admitted.append(now)
        else:
            assert sum(at > now - 60 for at in admitted) == limit, "refused only when full"
    assert all(later - earlier >= 60 for earlier, later in zip(admitted, admitted[limit:], strict=False))
