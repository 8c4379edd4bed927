"""Pictures behind signed addresses: fetched with the signature, kept without it, and never a dead end."""

import pytest

from reelmill.jobs.redriving import plan_redrive
from reelmill.ledger.states import PICTURE_UNREACHABLE, State
from reelmill.planning.actions import Action, decide
from reelmill.production.work import Work
from reelmill.settings import ImageIdentity
from reelmill.signatures import unsigned
from tests.support.production import clip, open_engine, producer, rehearsed
from tests.support.shop import picture_shop


@pytest.fixture
def shop(tmp_path):
    with picture_shop(tmp_path) as running:
        running.signature = "SECRET"
        yield running


def signed_work(shop, signature="SECRET", path="/lamp.png", **changes) -> Work:
    address = f"{shop.origin}{path}?v=1&X-Goog-Signature={signature}"
    made = rehearsed(clip(image=unsigned(address), **changes))
    return Work(made, sources={unsigned(address): address})


async def make(engine, shop, work):
    engine.media_inputs().fetcher = shop.fetcher()
    return await producer(engine).produce(work)


async def test_it_is_fetched_with_its_signature_and_kept_without(tmp_path, veo, gcs, shop):
    work = signed_work(shop)
    with open_engine(tmp_path, veo, gcs) as engine:
        result = await make(engine, shop, work)
        stored = engine.ledger.clip(work.clip.clip_id)
        intent = engine.ledger.intents()
        record = [gcs.read(each.provenance_uri) for _, each in intent]
    assert result.state is State.SUCCEEDED, result.detail
    assert shop.asked == ["/lamp.png?v=1&X-Goog-Signature=SECRET"]
    assert stored.request.image == f"{shop.origin}/lamp.png?v=1#signed"
    assert len(record) == 1
    assert b"SECRET" not in record[0]


async def test_the_kept_picture_serves_when_nobody_has_the_signature_any_more(tmp_path, veo, gcs, shop):
    with open_engine(tmp_path, veo, gcs) as engine:
        await make(engine, shop, signed_work(shop))
        later = await make(engine, shop, Work(signed_work(shop, prompt="Another scene.").clip))
    assert later.state is State.SUCCEEDED, later.detail
    assert len(shop.asked) == 1


async def test_an_expired_signature_waits_for_the_next_feed(tmp_path, veo, gcs, shop):
    work = signed_work(shop, signature="EXPIRED")
    with open_engine(tmp_path, veo, gcs) as engine:
        posts = veo.stats()["posts"]
        result = await make(engine, shop, work)
        standing = engine.ledger.standings([work.clip.clip_id])[work.clip.clip_id]
        summary, works = plan_redrive(engine)

        assert (result.state, standing.error_code) == (State.FAILED, PICTURE_UNREACHABLE)
        assert "EXPIRED" not in result.detail
        assert works == []
        assert "Run the catalog again" in summary.blocked[0].reason
        assert veo.stats()["posts"] == posts

        decision = decide(standing)
        fresh = signed_work(shop)
        assert fresh.clip == work.clip
        assert decision.action is Action.MAKE
        again = Work(fresh.clip, again=decision.again, after=standing.intent_id, sources=fresh.sources)
        assert (await make(engine, shop, again)).state is State.SUCCEEDED


async def test_without_the_signature_it_says_that_the_feed_is_needed(tmp_path, veo, gcs, shop):
    with open_engine(tmp_path, veo, gcs) as engine:
        result = await make(engine, shop, Work(signed_work(shop).clip))
    assert result.state is State.FAILED
    assert "Run the catalog again" in result.detail
    assert shop.asked == []


async def test_by_content_the_very_picture_that_was_identified_is_sent(tmp_path, veo, gcs, shop):
    from dataclasses import replace

    work = signed_work(shop)
    with open_engine(tmp_path, veo, gcs, image_identity=ImageIdentity.CONTENT) as engine:
        engine.media_inputs().fetcher = shop.fetcher()
        digest = engine.media_inputs().content_hash(next(iter(work.sources.values())))
    named = Work(replace(work.clip, content_hashes=(digest,)))
    with open_engine(tmp_path, veo, output=engine.output, gcs=gcs, image_identity=ImageIdentity.CONTENT) as engine:
        assert engine.media_inputs().out_of_reach(named.clip) == ()
        assert (await make(engine, shop, named)).state is State.SUCCEEDED
    assert len(shop.asked) == 1
