"""How a clip is followed: how often it is looked at, for how long, and what is told of it."""

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reelmill.errors import TryLater
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from reelmill.production.following import Waiting, next_step
from reelmill.production.producer import Producer
from reelmill.production.sending import authorise
from reelmill.production.stop import StopSignal
from reelmill.production.watch import Watch
from reelmill.production.work import Work
from reelmill.telemetry.log_context import labels
from reelmill.veo.explain import VerdictState
from reelmill.veo.outcomes import Accepted, Failed, Finished, Pending, Refusal, Refused, ReturnedVideo, Unreachable
from reelmill.waits import Waits
from tests.support.production import RUN, clip, open_engine

OPERATION = "projects/p/locations/l/publishers/google/models/m/operations/o"


class Pauses(StopSignal):
    """Sleeps through no pause, and leaves after so many looks; keeps how long they should have been, in seconds."""

    def __init__(self, most=1000):
        super().__init__()
        self.asked, self.between_submits, self._most = [], [], most

    async def pause(self, seconds):
        self.between_submits.append(seconds)
        return True

    async def pause_in_flight(self, seconds):
        self.asked.append(seconds)
        return len(self.asked) <= self._most


class Backend:
    """Takes a submit in one way and answers every poll alike; keeps what log lines were about meanwhile."""

    def __init__(self, *, submit=Accepted(OPERATION), poll=Pending()):  # noqa: B008 - plain values
        self._submit, self._poll, self.about = submit, poll, []

    def submit(self, request, **_):
        self.about.append(dict(labels()))
        return self._submit

    def poll(self, operation):
        self.about.append(dict(labels()))
        if isinstance(self._poll, Exception):
            raise self._poll
        return self._poll


class Told(Waits):
    """Keeps what is waited for."""

    def __init__(self):
        super().__init__()
        self.told = []

    def waiting(self, what, why):
        self.told.append((what, why))
        return True


def sent(engine, made=None, *, ago=timedelta(0)):
    """An accepted clip, sent so long ago."""
    made = made or clip()
    with Ledger.open(engine.settings.ledger_url, clock=lambda: datetime.now(UTC) - ago) as past:
        studio = replace(engine.studio(), ledger=past)
        intent = authorise(studio, Work(made), RUN)
        past.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
        past.accepted(intent.intent_id, f"{OPERATION}-{made.sku}")
        return past.intent(intent.intent_id)


def making(engine, **changes):
    return Producer(replace(engine.studio(), **{"stop": Pauses(), "backend": Backend(), **changes}), RUN)


async def test_looks_come_ever_less_often_and_never_in_step(tmp_path, veo, gcs):
    stop = Pauses(most=20)
    with open_engine(tmp_path, veo, gcs, poll_interval_s=5) as engine:
        result = await making(engine, stop=stop).follow(clip(), sent(engine))

    assert result.state is State.SUBMITTED
    meant = [1, 1.5, 2.25, 3.375, *[5] * 17]
    assert all(0.9 * seconds <= asked <= 1.1 * seconds for asked, seconds in zip(stop.asked, meant, strict=True))
    assert len(set(stop.asked[4:])) == 17


@pytest.mark.parametrize(("ago_s", "looks"), [(240, 3), (360, 1)])
async def test_what_nobody_can_be_reached_about_is_left_after_twice_every_deadline(tmp_path, veo, gcs, ago_s, looks):
    stop = Pauses(most=3)
    with open_engine(tmp_path, veo, gcs, operation_deadline_s=100, unclear_wait_s=50) as engine:
        intent = sent(engine, ago=timedelta(seconds=ago_s))
        backend = Backend(poll=Unreachable("no answer"))
        result = await making(engine, stop=stop, backend=backend).follow(clip(), intent)

    assert result.state is State.SUBMITTED
    assert len(backend.about) == looks


async def test_what_answered_between_two_troubles_was_not_waited_for_since_the_first(tmp_path, veo, gcs, caplog):
    trouble = TryLater("Ledger x: database is locked.", "Run it again.")
    answers = iter([trouble, Pending(), trouble, Pending()])
    now = itertools.count(step=300.0)  # seconds from one look at the clock to the next

    class Flaky(Backend):
        def poll(self, operation):
            self._poll = next(answers)
            return super().poll(operation)

    with open_engine(tmp_path, veo, gcs) as engine:
        made = making(engine, backend=Flaky(), stop=Pauses(most=4), waits=Waits(clock=lambda: next(now)))
        await made.follow(clip(), sent(engine))
    assert "waiting since" not in caplog.text


async def test_no_more_than_sixteen_reservations_wait_for_their_turn(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        engine.ledger.throttle(engine.studio().quota_key(clip().request.model), first_s=600, max_s=600)
        made = Producer(engine.studio(), RUN)
        tasks = [asyncio.create_task(made.produce(Work(clip(f"many-{number}")))) for number in range(40)]
        while (waiting := engine.ledger.totals().get(State.AUTHORISED)) is None or waiting.clips < 16:
            await asyncio.sleep(0.01)
        engine.stop.request()
        results = await asyncio.gather(*tasks)
        totals = engine.ledger.totals()

    assert {state: total.clips for state, total in totals.items()} == {State.RELEASED: 16}
    assert Counter(result and result.state for result in results) == {State.RELEASED: 16, None: 24}


async def test_all_that_is_done_for_a_clip_says_so_in_log_lines(tmp_path, veo, gcs):
    made_of = {"run": RUN, "clip": clip().clip_id, "sku": "SKU-1"}
    followed = {**made_of, "operation": OPERATION}
    with open_engine(tmp_path, veo, gcs) as engine:
        backend = Backend()
        sent_now = []
        await making(engine, backend=backend, stop=Pauses(most=1)).produce(
            Work(clip()), on_sent=lambda: sent_now.append(len(backend.about))
        )
        assert backend.about == [made_of, followed]
        assert sent_now == [1]  # told once, after the submit and before the first poll

        ((_, intent),) = engine.ledger.intents()
        for look in (
            lambda made: made.look(clip(), intent),
            lambda made: made.follow(clip(), intent),
            lambda made: made.produce(Work(clip(), intent), on_sent=lambda: sent_now.append("followed")),
        ):
            backend = Backend()
            await look(making(engine, backend=backend, stop=Pauses(most=1)))
            assert backend.about == [followed]
        assert sent_now == [1, "followed"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Finished(()), VerdictState.SUCCEEDED), (Failed(13, "INTERNAL"), VerdictState.FAILED)],
    ids=["without any content", "an error"],
)
def test_only_an_answer_without_content_is_held_against_what_lies_there(tmp_path, veo, gcs, answer, state):
    with open_engine(tmp_path, veo, gcs) as engine:
        intent = sent(engine)
        engine.storage.create(f"{intent.output_prefix}/1/sample_0.mp4", b"video", "video/mp4")
        verdict = next_step(replace(engine.studio(), backend=Backend(poll=answer)), intent, Watch())
    assert verdict.state is state


def test_an_answer_without_content_is_believed_by_nobody(tmp_path, veo, gcs):
    """Its videos may be listed late, or in part: nothing is final before the deadline, and then a person decides."""
    with open_engine(tmp_path, veo, gcs, operation_deadline_s=60) as engine:
        studio = replace(engine.studio(), backend=Backend(poll=Finished(())))
        young, old = sent(engine), sent(engine, clip("SKU-2", samples=2), ago=timedelta(seconds=61))
        for intent in (young, old):
            assert isinstance(next_step(studio, intent, Watch()), Waiting)
        assert engine.ledger.intent(young.intent_id).state is State.SUBMITTED
        expired = engine.ledger.intent(old.intent_id)
        assert (expired.state, expired.reserved_usd) == (State.EXPIRED, old.reserved_usd)
        engine.storage.create(f"{old.output_prefix}/1/sample_0.mp4", b"video", "video/mp4")
        assert next_step(studio, expired, Watch()).state is VerdictState.PARTIAL
        engine.storage.create(f"{old.output_prefix}/1/sample_1.mp4", b"video", "video/mp4")
        assert next_step(studio, expired, Watch()).state is VerdictState.SUCCEEDED


def test_an_answer_that_lacks_videos_without_a_word_is_believed_only_once_it_is_overdue(tmp_path, veo, gcs):
    """The library may have dropped one that it did not understand; it was billed, and lies at the prefix."""
    with open_engine(tmp_path, veo, gcs, operation_deadline_s=60) as engine:
        young, old = (
            sent(engine, clip(sku, samples=2), ago=timedelta(seconds=ago)) for sku, ago in (("SKU-1", 0), ("SKU-2", 61))
        )
        name = f"{old.output_prefix}/1/sample_0.mp4"
        engine.storage.create(name, b"video", "video/mp4")
        one = (ReturnedVideo(engine.storage.uri(name), None),)

        def step(intent, **said):
            return next_step(replace(engine.studio(), backend=Backend(poll=Finished(one, **said))), intent, Watch())

        assert isinstance(step(young), Waiting)
        assert step(young, filtered_count=1).state is VerdictState.PARTIAL
        assert step(young, filtered_reasons=("It shows a weapon.",)).state is VerdictState.PARTIAL
        assert (step(old).state, step(old).videos) == (VerdictState.PARTIAL, one)
        two = (*one, ReturnedVideo(f"{one[0].uri}-listed-late", None))
        three = replace(old, samples=3)
        late = next_step(replace(engine.studio(), backend=Backend(poll=Finished(two))), three, Watch())
        assert (late.state, late.videos) == (VerdictState.PARTIAL, two)
        engine.storage.create(f"{young.output_prefix}/1/sample_0.mp4", b"video", "video/mp4")
        engine.storage.create(f"{young.output_prefix}/1/sample_1.mp4", b"video", "video/mp4")
        found = step(young)
        assert (found.state, len(found.videos)) == (VerdictState.SUCCEEDED, 2)


def test_a_look_at_what_others_left_is_a_sign_of_life(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, lease_s=60) as engine:
        intent = sent(engine, ago=timedelta(seconds=20))
        step = next_step(replace(engine.studio(), backend=Backend()), intent, Watch())
        now = engine.ledger.intent(intent.intent_id)

    assert now == step.intent
    assert now.lease_until > intent.lease_until + timedelta(seconds=40)  # it was for 30 s, 20 s ago


@pytest.mark.parametrize(
    ("problem", "what", "why"),
    [
        ("The ledger does not answer (it is locked).", "The ledger does not answer", "it is locked"),
        ("It cannot be copied: there is (now) no room.", "It cannot be copied: there is", "now) no room"),
        ("It cannot be copied: there is no room.", "It cannot be copied", "there is no room"),
        ("Nobody is there.", "Nobody is there.", "no answer"),
    ],
)
async def test_what_keeps_from_looking_is_told_and_the_clip_left_as_it_is(tmp_path, veo, gcs, problem, what, why):
    waits = Told()
    with open_engine(tmp_path, veo, gcs) as engine:
        intent = sent(engine)
        backend = Backend(poll=TryLater(problem, "Try later."))
        assert await making(engine, backend=backend, waits=waits).look(clip(), intent) == intent
        assert engine.ledger.intent(intent.intent_id) == intent

    assert waits.told == [(what, why)]


@pytest.mark.parametrize(("code", "told"), [(0, True), (503, False)], ids=["nobody there", "somebody there"])
async def test_a_submit_that_was_not_sent_is_sent_again_ever_later(tmp_path, veo, gcs, code, told):
    waits, stop = Told(), Pauses()
    backend = Backend(submit=Refused(Refusal.NOT_SENT, code, "not now"))
    with open_engine(tmp_path, veo, gcs, submit_attempts=7) as engine:
        with pytest.raises(TryLater, match="not now"):
            await making(engine, backend=backend, waits=waits, stop=stop).produce(Work(clip()))
        totals = engine.ledger.totals()

    assert stop.between_submits == [1, 2, 4, 8, 16, 30, 30]
    assert waits.told == [("Vertex AI does not answer", "not now")] * 7 * told
    assert totals[State.RELEASED].reserved_usd == 0
