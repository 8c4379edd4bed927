import asyncio

from reelmill.ledger.states import State
from reelmill.production.fanout import fan_out
from reelmill.production.results import Tally
from reelmill.production.sending import authorise, send
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from tests.support.production import RUN, clip, open_engine, producer
from tests.support.services import simulator


async def test_submits_keep_their_distance_and_meet_no_429(tmp_path, gcs):
    with (
        simulator(gcs.url, quota_per_minute=600) as veo,
        open_engine(tmp_path, veo, gcs, quota_per_minute=600) as engine,
    ):
        works = [Work(clip(f"paced-{number}")) for number in range(15)]
        tally = Tally()
        await fan_out(works, producer(engine).produce, in_flight=15, stop=engine.stop, on_result=tally.add)
        sent = sorted(intent.sending_at for _, intent in engine.ledger.intents())
        stats = veo.stats()

    assert stats["posts"] == stats["accepted"] == 15
    # 14 intervals of 101 ms, of which 0.3 s may be caught up, and the first may have left a little late.
    assert (sent[-1] - sent[0]).total_seconds() > 14 * 0.101 / 2


async def test_a_429_slows_everyone_down_and_loses_nothing(tmp_path, gcs):
    with simulator(gcs.url, faults={"429": 0.4}, seed=3) as veo, open_engine(tmp_path, veo, gcs) as engine:
        works = [Work(clip(f"busy-{number}")) for number in range(8)]
        tally = Tally()
        await fan_out(works, producer(engine).produce, in_flight=8, stop=engine.stop, on_result=tally.add)
        stats = veo.stats()

    assert tally.counts == {"succeeded": 8}
    assert stats["posts"] > stats["accepted"] == 8


async def test_a_slot_from_before_a_429_is_void(tmp_path, veo, monkeypatch):
    pause, met = StopSignal.pause, []
    with open_engine(tmp_path, veo, quota_per_minute=120) as engine:

        async def somebody_meets_a_429(stop, seconds):
            met.append(seconds)
            if len(met) == 1:
                engine.ledger.throttle("key", first_s=1.5, max_s=1.5)
            return await pause(stop, seconds)

        monkeypatch.setattr(StopSignal, "pause", somebody_meets_a_429)
        pacer = engine.studio().pacer
        assert await pacer.turn("key")
        assert await pacer.turn("key")
        assert engine.ledger.blocked_for("key") == 0
        assert len(met) == 2


async def test_a_run_that_is_told_to_stop_gets_no_turn(tmp_path, veo):
    with open_engine(tmp_path, veo, quota_per_minute=1) as engine:
        pacer = engine.studio().pacer
        assert await pacer.turn("key")
        waiting = asyncio.create_task(pacer.turn("key"))  # a minute
        engine.stop.request()
        assert await waiting is False
        assert await pacer.turn("key") is False


async def test_a_clip_that_waits_for_its_turn_stays_its_workers(tmp_path, veo, gcs, monkeypatch):
    pause = StopSignal.pause
    with open_engine(tmp_path, veo, gcs, quota_per_minute=120, lease_s=1) as engine:
        studio = engine.studio()
        intent = authorise(studio, Work(clip()), RUN)
        renewed = asyncio.Event()

        async def until_its_lease_is_renewed(stop, seconds):
            while engine.ledger.intent(intent.intent_id).lease_until <= intent.lease_until:
                await pause(stop, 0.05)
            renewed.set()
            return await pause(stop, seconds)

        monkeypatch.setattr(StopSignal, "pause", until_its_lease_is_renewed)
        assert await studio.pacer.turn(studio.quota_key(clip().request.model))  # ours comes later
        async with asyncio.timeout(20):
            sent = await send(studio, clip(), intent)
    assert renewed.is_set()
    assert sent.state is State.SUBMITTED
