"""What a hostile reading found, kept closed."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reelmill.errors import FixAccess, LookFirst, RaiseCap
from reelmill.jobs.resuming import adopt_abandoned
from reelmill.jobs.settling import settle
from reelmill.ledger.records import Settlement
from reelmill.ledger.states import State
from reelmill.production.collecting import inspect_videos, write_provenance
from reelmill.production.following import Waiting, next_step
from reelmill.production.sending import authorise
from reelmill.production.stop import StopSignal
from reelmill.production.watch import Watch
from reelmill.production.work import Work
from reelmill.veo.outcomes import Pending, Unreachable
from tests.support.production import RUN, clip, open_engine, producer
from tests.support.services import simulator
from tests.support.videos import make_video


def lost_intent(engine, work):
    """An intent whose submit is unclear and whose prefix stayed empty."""
    studio = engine.studio()
    intent = authorise(studio, work, RUN)
    engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
    engine.ledger.unclear(intent.intent_id, "dropped")
    engine.ledger.lost(intent.intent_id)
    return intent


def submitted(engine, work, operation="projects/p/locations/l/publishers/google/models/m/operations/o"):
    studio = engine.studio()
    intent = authorise(studio, work, RUN)
    engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
    engine.ledger.accepted(intent.intent_id, operation)
    return studio, engine.ledger.intent(intent.intent_id)


def test_a_permission_to_pay_again_is_void_once_the_video_was_found(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        seen = lost_intent(engine, Work(clip()))
        allowed = Work(clip(), again=True, again_unclear=True, after=seen.intent_id)
        engine.ledger.settle(seen.intent_id, Settlement(state=State.SUCCEEDED, returned=1))

        with pytest.raises(LookFirst):
            authorise(engine.studio(), allowed, RUN)


def test_a_permission_to_pay_again_is_good_for_one_attempt(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        seen = lost_intent(engine, Work(clip()))
        allowed = Work(clip(), again=True, again_unclear=True, after=seen.intent_id)
        second = authorise(engine.studio(), allowed, RUN)
        engine.ledger.mark_sending(second.intent_id, owner=engine.owner, lease_s=30)
        engine.ledger.refused(second.intent_id, code="http_400", message="no", final=True)

        with pytest.raises(LookFirst):
            authorise(engine.studio(), allowed, RUN)


async def test_leaving_in_the_middle_of_a_submit_still_records_its_answer(tmp_path, gcs):
    with simulator(gcs.url, faults={"slow": 1.0}, slow_seconds=1.5) as veo:
        with open_engine(tmp_path, veo, gcs) as engine:
            task = asyncio.create_task(producer(engine).produce(Work(clip())))
            while veo.stats()["posts"] < 1:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        with open_engine(tmp_path, veo, gcs, output=engine.output) as again:
            ((_, intent),) = again.ledger.intents()
    assert intent.state is State.SUBMITTED
    assert intent.operation


async def test_a_clip_that_waits_for_its_turn_is_left_to_its_living_worker(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, lease_s=4, quota_per_minute=20) as engine:
        works = [Work(clip(f"waiting-{number}")) for number in range(3)]  # 3 s apart; the last waits for 6 s
        made = producer(engine)
        tasks = [asyncio.create_task(made.produce(work)) for work in works]
        with open_engine(tmp_path, veo, gcs, output=engine.output) as other:
            while not all(task.done() for task in tasks):
                assert await asyncio.to_thread(adopt_abandoned, other) == []
                await asyncio.sleep(0.05)
        results = [task.result() for task in tasks]
    assert [result.state for result in results] == [State.SUCCEEDED] * 3


async def test_a_clip_whose_video_waits_for_a_processor_is_left_to_its_living_worker(tmp_path, veo, gcs):
    """Encoding takes seconds, and many may wait before it: the lease is renewed meanwhile."""
    lease_s = 4
    with open_engine(tmp_path, veo, gcs, lease_s=lease_s, media_workers=1) as engine:
        free = threading.Event()
        busy = asyncio.create_task(engine.studio().threads.media(free.wait))
        task = asyncio.create_task(producer(engine).produce(Work(clip())))
        try:
            with open_engine(tmp_path, veo, gcs, output=engine.output) as other:
                landed, found = None, []
                while landed is None or found[0].lease_until < landed + timedelta(seconds=1.5 * lease_s):
                    assert await asyncio.to_thread(adopt_abandoned, other) == []
                    found = [intent for _, intent in other.ledger.intents()]
                    if landed is None and found and other.storage.list(f"{found[0].output_prefix}/"):
                        landed = other.ledger.now()
                    await asyncio.sleep(0.05)
                assert [intent.state for intent in found] == [State.SUBMITTED]
        finally:
            free.set()
        await busy
        result = await task
    assert result.state is State.SUCCEEDED


async def test_following_what_another_took_over_ends(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        intent = authorise(engine.studio(), Work(clip()), RUN)
        async with asyncio.timeout(20):
            result = await producer(engine).follow(clip(), intent)
    assert result.state is State.AUTHORISED


def test_an_unreadable_first_video_keeps_its_place(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, inspect="full") as engine:
        asked = clip(samples=2)
        studio, intent = submitted(engine, Work(asked))
        make_video(tmp_path / "v.mp4", width=720, height=1280)
        there = f"{intent.output_prefix}/1/sample_1.mp4"
        engine.storage.create(there, (tmp_path / "v.mp4").read_bytes(), "video/mp4")
        uris = (engine.storage.uri(f"{intent.output_prefix}/1/sample_0.mp4"), engine.storage.uri(there))

        landed = inspect_videos(studio, asked, intent, uris)
        ended = Settlement(state=State.SUCCEEDED, returned=2, video_uris=uris)
        assert write_provenance(studio, asked, intent, ended, landed.sha256)

    assert landed.sha256[0] is None
    assert landed.sha256[1]
    assert landed.inspection["status"] == "fail"


async def test_settle_looks_at_every_clip_and_tells_what_kept_it_from_one(tmp_path, veo, gcs, monkeypatch):
    with open_engine(tmp_path, veo, gcs) as engine:
        for number in range(3):
            lost_intent(engine, Work(clip(f"lost-{number}")))
        listing = type(engine.storage).list

        def refused_once(self, prefix):
            if "lost-1" in prefix:
                raise FixAccess("The bucket refuses.", "Grant the role.")
            return listing(self, prefix)

        monkeypatch.setattr(type(engine.storage), "list", refused_once)
        settled = await settle(engine, wait=False)

    assert isinstance(settled.trouble, FixAccess)
    assert (settled.looked_at, settled.left) == (2, 1)


@pytest.mark.parametrize("answer", [Pending(), Unreachable("no answer")])
def test_an_operation_that_may_still_run_is_never_settled_in_part(tmp_path, veo, gcs, answer):
    with open_engine(tmp_path, veo, gcs, operation_deadline_s=1) as engine:
        studio, intent = submitted(engine, Work(clip(samples=4)))
        engine.storage.create(f"{intent.output_prefix}/1/sample_0.mp4", b"one of four", "video/mp4")
        old = replace(intent, submitted_at=datetime.now(UTC) - timedelta(hours=1))
        studio = replace(studio, backend=_Answers(answer))

        step = next_step(studio, old, Watch())

    assert isinstance(step, Waiting)
    assert step.intent.state is (State.EXPIRED if isinstance(answer, Pending) else State.SUBMITTED)


class _Answers:
    """A backend that has one answer to every poll."""

    def __init__(self, answer):
        self._answer = answer

    def poll(self, operation):
        return self._answer


async def test_a_real_error_is_not_hidden_behind_the_cap_that_came_first():
    stop = StopSignal()
    stop.close(RaiseCap("The cap is reached.", "Raise it."))
    stop.request(FixAccess("The bucket refuses.", "Grant the role."))
    assert isinstance(stop.error, FixAccess)


async def test_a_clip_that_another_run_holds_is_reported_not_dropped(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        authorise(engine.studio(), Work(clip()), RUN)
        result = await producer(engine).produce(Work(clip()))
    assert result.by_another_run
    assert result.needs_attention
    assert result.charged_usd == 0
