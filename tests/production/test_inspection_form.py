"""The form of an inspection: what ours leave passes; what reports and galleries would trip over later does not."""

import pytest

from reelmill.media.findings import Finding, FindingCode, Inspection, InspectionStatus, VideoFacts
from reelmill.media.likeness import Likeness
from reelmill.media.loudness import Loudness
from reelmill.production.inspection_form import has_form

FACTS = VideoFacts(width=720, height=1280, fps=24.0, duration_s=8.0, frames=192, video_codec="h264", audio_codec=None)
WHOLE = Inspection(
    status=InspectionStatus.REVIEW,
    findings=(Finding(FindingCode.LETTERBOX, "Bars.", at_s=1.5), Finding(FindingCode.QUIET, "Quiet.", platform="x")),
    facts=FACTS,
    loudness=Loudness(-20.5, -3.0),
    likeness=Likeness(((1.0, 0.5), (2.0, 0.75))),
    remake=True,
).to_dict()


def of_clip(**more):
    report = {"uri": "gs://shop/v.mp4", "bytes": 1000, **WHOLE}
    return {"status": "review", "findings": WHOLE["findings"], "likeness": 0.5, "videos": [report], **more}


def test_what_looking_leaves_has_the_form():
    assert has_form(None)
    assert has_form(WHOLE)  # of a film
    assert has_form(of_clip())
    assert has_form(of_clip(preview_uri="gs://shop/p.mp4", renditions=[{"platform": "tiktok", "bytes": 1}]))
    assert has_form(of_clip(verdict={"overall": "ok"}, something="newer"))
    assert has_form({"status": "skipped", "findings": []})


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"status": "sold"},
        of_clip(findings=5),
        of_clip(findings=["x"]),
        of_clip(findings=[{"message": "no code"}]),
        of_clip(videos=3),
        of_clip(videos=[{"uri": ["l"], "status": "pass"}]),
        of_clip(videos=[{"uri": "gs://shop/v.mp4", "status": "pass", "facts": "x"}]),
        of_clip(videos=[{"uri": "gs://shop/v.mp4", "status": "pass", "facts": {"fps": float("inf")}}]),
        of_clip(renditions=["x"]),
        of_clip(renditions=[{"platform": "tiktok", "width": "wide"}]),
        of_clip(preview_uri=7),
        of_clip(likeness="much"),
        of_clip(likeness=float("nan")),
        of_clip(more=2**70),
    ],
)
def test_what_would_be_tripped_over_later_has_not(wrong):
    assert not has_form(wrong)
