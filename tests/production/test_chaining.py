"""What a scene may continue: a video that is there, looked at, fit, no draft, and that nobody rejected."""

from dataclasses import replace

import pytest

from reelmill.clip import Clip
from reelmill.errors import LookFirst
from reelmill.ledger.records import Decision, RemovalKind, ReviewedVia, Settlement
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.production.chaining import video_to_continue
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from reelmill.settings import InspectDepth
from tests.support.production import RUN, clip, open_engine

FIT, UNFIT = {"status": "pass", "findings": [], "videos": []}, {"status": "fail", "findings": [], "videos": []}


def scene(name, **request):
    made = replace(clip(prompt=f"Scene {name}.", **request), scene=name)
    return replace(made, clip_id=Clip.identify(made.request, made.sku, made.variant, scene=name))


FIRST = scene("first")
ON = scene("on", continues=FIRST.clip_id)


def deliver(engine, inspection=FIT, **work):
    intent = authorise(engine.studio(), Work(FIRST, **work), RUN)
    engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
    engine.ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
    uris = (engine.storage.uri(f"{intent.output_prefix}/1/sample_0.mp4"),)
    settlement = Settlement(state=State.SUCCEEDED, returned=1, video_uris=uris, inspection=inspection)
    assert engine.ledger.settle(intent.intent_id, settlement)
    return engine.ledger.intent(intent.intent_id)


def to_continue(engine, made=ON, *, output=None, inspect=InspectDepth.HEADER):
    return video_to_continue(engine.ledger, made, output=output or engine.storage.root, inspect=inspect)


def decide(engine, intent, decision):
    asked = AskedReview(
        review_id="r", intent_id=intent.intent_id, decision=decision, reviewer="Ada", via=ReviewedVia.PAGE
    )
    assert not engine.ledger.review([asked])[0].problem


def test_a_scene_is_sent_with_the_latest_video_of_the_one_before(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        assert to_continue(engine, FIRST) is None
        with pytest.raises(LookFirst, match="continues clip"):
            authorise(engine.studio(), Work(ON), RUN)
        unfit = deliver(engine, UNFIT)
        with pytest.raises(LookFirst):
            to_continue(engine)
        first = deliver(engine, again=True, after=unfit.intent_id)
        intent = authorise(engine.studio(), Work(ON), RUN)
        assert intent.sent_video == first.video_uris[0] == to_continue(engine)
        sent = intent.as_sent(ON.request)
        assert (sent.video, sent.continues) == (first.video_uris[0], None)
        with pytest.raises(LookFirst):
            to_continue(engine, output="gs://elsewhere/reels")


@pytest.mark.parametrize(("inspect", "may"), [(InspectDepth.HEADER, False), (InspectDepth.OFF, True)])
def test_what_nobody_looked_at_is_continued_only_where_nothing_is_looked_at(tmp_path, veo, gcs, inspect, may):
    with open_engine(tmp_path, veo, gcs) as engine:
        first = deliver(engine, None)
        if may:
            assert to_continue(engine, inspect=inspect) == first.video_uris[0]
        else:
            with pytest.raises(LookFirst):
                to_continue(engine, inspect=inspect)


def _drafted(engine):
    deliver(engine, draft=True)


def _rejected(engine):
    decide(engine, deliver(engine), Decision.REJECT)


def _to_be_remade(engine):
    decide(engine, deliver(engine), Decision.REMAKE)


def _removed(engine):
    first = deliver(engine)
    decide(engine, first, Decision.REJECT)
    engine.ledger.begin_removals([first], keep={RemovalKind.REJECTED: 0})


@pytest.mark.parametrize("happened", [_drafted, _rejected, _to_be_remade, _removed])
def test_what_is_of_no_use_is_not_continued(tmp_path, veo, gcs, happened):
    with open_engine(tmp_path, veo, gcs) as engine:
        happened(engine)
        with pytest.raises(LookFirst):
            to_continue(engine)


def test_approved_is_as_good_as_undecided(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        first = deliver(engine)
        decide(engine, first, Decision.APPROVE)
        assert to_continue(engine) == first.video_uris[0]
