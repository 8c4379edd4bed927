"""The backend against the simulator, a server that nobody wrote to please it: the journal is the truth."""

from __future__ import annotations

import time

import pytest

from reelmill.clip import Resolution, VideoRequest
from reelmill.platforms import NativeRatio
from reelmill.settings import Settings
from reelmill.veo.checks import check_request
from reelmill.veo.explain import VerdictState, classify
from reelmill.veo.outcomes import Accepted, Pending, Refused, Unclear
from reelmill.veo.preflight import veo_checks
from reelmill.veo.registry import Registry
from reelmill.veo.vertex import VertexBackend
from tests.support.services import simulator

MODEL = "veo-3.1-fast-generate-001"


@pytest.fixture(scope="module")
def rehearsal():
    with simulator(prompt_faults=True, strict=True) as process:
        settings = Settings(project="p", vertex_base_url=process.url, submit_timeout_s=20, model=MODEL)
        with VertexBackend.from_settings(settings) as vertex:
            yield process, vertex, settings


def submit(vertex, prompt, **fields):
    request = VideoRequest(model=MODEL, prompt=prompt, aspect_ratio=NativeRatio.LANDSCAPE, **fields)
    check_request(request, Registry.shipped().model(MODEL))
    return vertex.submit(
        request, media={}, storage_uri=None, labels={"sku": "A 1", "run": "r-1"}, before_send=lambda: True
    )


def finished(vertex, operation):
    deadline = time.monotonic() + 60
    while (outcome := vertex.poll(operation)) == Pending():
        assert time.monotonic() < deadline
    return outcome


def test_a_clip_comes_back_and_is_billed_once_at_the_registrys_price(rehearsal):
    process, vertex, _ = rehearsal
    accepted = submit(vertex, "A kettle boils.", samples=2, audio=False, resolution=Resolution.P720, duration_s=4)
    assert isinstance(accepted, Accepted)
    verdict = classify(finished(vertex, accepted.operation), 2)
    assert verdict.state is VerdictState.SUCCEEDED
    assert [video.data[4:8] for video in verdict.videos] == [b"ftyp", b"ftyp"]
    (billed,) = [entry for entry in process.journal() if entry["operation"] == accepted.operation]
    price = Registry.shipped().model(MODEL).unit_price(Resolution.P720, audio=False)
    assert float(billed["amount_usd"]) == float(price * 4 * 2)
    assert billed["labels"] == {"sku": "a_1", "run": "r-1"}


@pytest.mark.parametrize(
    ("fault", "outcome", "accepted"),
    [
        ("drop_after_accept", Unclear, 1),
        ("reset_after_accept", Unclear, 1),
        ("half_body", Unclear, 1),
        ("503_after", Unclear, 1),
        ("malformed_body", Unclear, 1),
        ("drop_before", Unclear, 0),
        ("redirect", Unclear, 0),
        ("429", Refused, 0),
        ("403", Refused, 0),
    ],
)
def test_the_journal_holds_at_most_one_submit_whatever_breaks(rehearsal, fault, outcome, accepted):
    process, vertex, _ = rehearsal
    before, posts = len(process.journal()), process.stats()["posts"]
    assert isinstance(submit(vertex, f"A kettle [[fault:{fault}]]."), outcome)
    assert len(process.journal()) - before == accepted
    assert process.stats()["posts"] - posts == 1


def test_the_doctor_is_content_with_a_rehearsal(rehearsal):
    _, _, settings = rehearsal
    assert [check for check in veo_checks(settings, Registry.shipped()) if check.ok is False] == []
