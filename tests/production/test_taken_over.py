"""What a worker finds out about a clip that another one has taken over meanwhile changes nothing."""

from dataclasses import replace

from reelmill.ledger.states import State
from reelmill.production.sending import _fail, authorise, send
from reelmill.production.work import Work
from tests.support.production import RUN, clip, open_engine

OTHER = "elsewhere/0a1b2c3d/7/9/feed"


async def test_a_picture_refused_here_does_not_fail_what_another_worker_makes(tmp_path, veo):
    with open_engine(tmp_path, veo) as engine:
        studio = engine.studio()
        intent = authorise(studio, Work(clip()), RUN)
        engine.ledger.adopt(owner=OTHER, lease_s=60, is_gone=lambda _: True)

        assert _fail(studio, intent, "image_refused", "It is no picture.").state is State.AUTHORISED
        engine.ledger.mark_sending(intent.intent_id, owner=OTHER, lease_s=60)
        engine.ledger.unclear(intent.intent_id, "the connection broke")
        after = _fail(studio, intent, "image_refused", "It is no picture.")

        assert (after.state, after.owner, after.reserved_usd) == (State.UNKNOWN, OTHER, intent.reserved_usd)


async def test_its_own_it_fails_and_frees(tmp_path, veo):
    with open_engine(tmp_path, veo) as engine:
        studio = engine.studio()
        intent = authorise(studio, Work(clip()), RUN)
        after = _fail(studio, intent, "image_refused", "It is no picture.")
        assert after == replace(
            after, state=State.FAILED, reserved_usd=0, error_code="image_refused", error_message="It is no picture."
        )
        assert engine.ledger.audit() == []


async def test_what_another_worker_took_over_is_not_sent(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        studio = engine.studio()
        intent = authorise(studio, Work(clip()), RUN)
        engine.ledger.adopt(owner=OTHER, lease_s=60, is_gone=lambda _: True)
        before = veo.stats()["posts"]

        after = await send(studio, clip(), intent)

        assert veo.stats()["posts"] == before
        assert (after.state, after.owner) == (State.AUTHORISED, OTHER)
