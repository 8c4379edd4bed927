"""A run that is told to leave: threads that hang hold it up for a moment only, and what they learn is still kept."""

import asyncio
import threading
from dataclasses import replace

import pytest

from reelmill.ledger.states import State
from reelmill.production import leaving
from reelmill.production.leaving import unless_left
from reelmill.production.producer import Producer
from reelmill.production.sending import authorise, send
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from reelmill.veo.outcomes import Accepted, Pending
from tests.support.production import RUN, clip, open_engine

OPERATION = "projects/p/operations/1"


class Hanging:
    """Stands for Vertex AI, or storage: ``answer`` comes only once it is let go."""

    def __init__(self, answer):
        self.answer = answer
        self.asked, self.let_go = threading.Event(), threading.Event()

    def __call__(self, *_, before_send=lambda: True, **__):
        assert before_send()
        self.asked.set()
        assert self.let_go.wait(60)
        return self.answer

    async def leave_once_asked(self, stop):
        await asyncio.to_thread(self.asked.wait, 60)
        stop.leave()


class Endless:
    """Work that ends only by being given up."""

    def __init__(self):
        self.begun, self.given_up = asyncio.Event(), asyncio.Event()

    async def __call__(self):
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(leaving, "_GRACE_S", 0.05)


async def test_work_that_ends_in_time_is_no_less_done_for_leaving():
    stop = StopSignal()

    async def work():
        stop.leave()
        await asyncio.sleep(0)
        return "done"

    assert await unless_left(stop, work()) == "done"


async def test_work_that_hangs_is_given_up_only_when_the_run_leaves():
    stop, work = StopSignal(), Endless()
    waiting = asyncio.create_task(unless_left(stop, work()))
    await work.begun.wait()
    stop.request()
    assert not (await asyncio.wait({waiting}, timeout=0.1))[0]
    stop.leave()
    assert await waiting is None
    assert work.given_up.is_set()


async def test_what_goes_wrong_is_told():
    async def work():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unless_left(StopSignal(), work())


async def test_whoever_is_cancelled_takes_the_work_along():
    work = Endless()
    waiting = asyncio.create_task(unless_left(StopSignal(), work()))
    await work.begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.given_up.is_set()


async def test_a_submit_without_an_answer_is_left_and_recorded_when_it_comes(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        submit = Hanging(Accepted(OPERATION))
        studio = engine.studio()
        studio = replace(studio, backend=type("Backend", (), {"submit": staticmethod(submit)}))
        intent = authorise(studio, Work(clip()), RUN)
        left, _ = await asyncio.gather(send(studio, clip(), intent), submit.leave_once_asked(engine.stop))
        assert left.state is State.SENDING
        submit.let_go.set()
        engine.threads.__exit__(None, None, None)
        kept = engine.ledger.intent(intent.intent_id)
        assert (kept.state, kept.operation) == (State.SUBMITTED, OPERATION)
        assert engine.ledger.audit() == []


async def test_what_was_not_sent_yet_is_released(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        resolve = Hanging({})
        studio = engine.studio()
        studio = replace(studio, media=type("Media", (), {"resolve": staticmethod(resolve)}))
        intent = authorise(studio, Work(clip()), RUN)
        left, _ = await asyncio.gather(send(studio, clip(), intent), resolve.leave_once_asked(engine.stop))
        resolve.let_go.set()
        assert left.state is State.RELEASED


async def test_a_look_that_hangs_leaves_the_clip_as_it_is(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        poll = Hanging(Pending())
        backend = type("Backend", (), {"submit": lambda *_, **__: Accepted(OPERATION), "poll": staticmethod(poll)})
        producer = Producer(replace(engine.studio(), backend=backend()), RUN)
        result, _ = await asyncio.gather(producer.produce(Work(clip())), poll.leave_once_asked(engine.stop))
        poll.let_go.set()
        assert result.state is State.SUBMITTED
