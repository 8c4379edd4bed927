"""How long a clip is waited for, whatever became of the wall clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from reelmill.production.following import PART_PATIENCE, next_step
from reelmill.production.producer import Producer
from reelmill.production.sending import authorise
from reelmill.production.watch import Watch
from reelmill.production.work import Work
from reelmill.veo.outcomes import Failed, Pending
from tests.support.production import RUN, clip, open_engine, producer

OPERATION = "projects/p/locations/l/publishers/google/models/m/operations/o"


class _NeverDone:
    def poll(self, operation):
        return Pending()


def sent(engine, *, ahead, unclear=False, samples=1):
    """A sent clip, its moments written by a clock that was ``ahead`` of ours."""
    engine.ledger.close()
    engine.ledger = Ledger.open(engine.settings.ledger_url, clock=lambda: datetime.now(UTC) + ahead)
    intent = authorise(engine.studio(), Work(clip(samples=samples)), RUN)
    engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
    if unclear:
        engine.ledger.unclear(intent.intent_id, "the line broke")
    else:
        engine.ledger.accepted(intent.intent_id, OPERATION)
    engine.ledger.close()
    engine.ledger = Ledger.open(engine.settings.ledger_url)
    return replace(engine.studio(), backend=_NeverDone()), engine.ledger.intent(intent.intent_id)


class _DoneAtLast:
    """Has ended when it is asked for the third time."""

    def __init__(self):
        self.asked = 0

    def poll(self, operation):
        self.asked += 1
        return Pending() if self.asked < 3 else Failed(13, "Internal error.")


async def test_a_machine_whose_clock_is_ahead_of_the_ledgers_follows_what_others_left(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        sent(engine, ahead=timedelta(hours=-9))
        engine.ledger.close()
        engine.ledger = Ledger.open(engine.settings.ledger_url, clock=lambda: datetime.now(UTC) - timedelta(hours=9))
        ((asked, intent),) = engine.ledger.intents()
        studio = replace(engine.studio(), backend=_DoneAtLast())

        result = await Producer(studio, RUN).follow(asked, intent)

    assert result.state is State.FAILED


async def test_a_clip_whose_moments_lie_ahead_is_not_waited_for_until_then(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=0.3) as engine:
        _, intent = sent(engine, ahead=timedelta(days=2), unclear=True)

        result = await producer(engine).follow(clip(), intent)

    assert result.state is State.LOST


@pytest.mark.parametrize(
    ("waited_s", "there", "adopted"),
    [(30, 1, 0), (30, 2, 2), (120, 1, 0), (120, 2, 2), (60 * PART_PATIENCE + 5, 1, 1)],
    ids=["soon", "whole at once", "longest generation over", "whole later", "no more can come"],
)
def test_a_part_that_lies_there_waits_for_the_rest(tmp_path, veo, gcs, waited_s, there, adopted):
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=60) as engine:
        studio, intent = sent(engine, ahead=timedelta(seconds=-waited_s), unclear=True, samples=2)
        for index in range(there):
            studio.storage.create(f"{intent.output_prefix}/1/sample_{index}.mp4", b"video", "video/mp4")

        step = next_step(studio, intent, Watch())

        assert len(getattr(step, "videos", ())) == adopted
        assert engine.ledger.intent(intent.intent_id).state is State.UNKNOWN  # never lost while something is there


@pytest.mark.parametrize(("waited_s", "state"), [(30, State.UNKNOWN), (120, State.LOST)])
def test_where_nothing_lies_nobody_waits_for_a_rest(tmp_path, veo, gcs, waited_s, state):
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=60) as engine:
        studio, intent = sent(engine, ahead=timedelta(seconds=-waited_s), unclear=True)
        next_step(studio, intent, Watch())
        assert engine.ledger.intent(intent.intent_id).state is state


@pytest.mark.parametrize(
    ("watch", "state"), [(Watch(), State.EXPIRED), (Watch(from_the_start=True), State.SUBMITTED)], ids=["left", "ours"]
)
def test_only_what_others_left_is_as_old_as_the_wall_clock_says(tmp_path, veo, gcs, watch, state):
    with open_engine(tmp_path, veo, gcs) as engine:
        studio, intent = sent(engine, ahead=timedelta(days=-2))

        next_step(studio, intent, watch)

        assert engine.ledger.intent(intent.intent_id).state is state


def test_the_ledgers_clock_tells_the_age_and_not_the_machines(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        _, intent = sent(engine, ahead=timedelta(0))
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        with Ledger.open(engine.settings.ledger_url, clock=lambda: tomorrow) as ahead:
            assert ahead.now() == tomorrow
            assert Watch().over(ahead, intent.submitted_at, 60)
            assert not Watch(from_the_start=True).over(ahead, intent.submitted_at, 60)
            assert not Watch().over(ahead, None, 60)
        assert not Watch().over(engine.ledger, intent.submitted_at, 60)


def test_a_sign_of_life_is_due_at_once_only_for_what_others_left():
    ours, left = Watch(from_the_start=True), Watch()

    assert [ours.renewal_due(30), left.renewal_due(30), left.renewal_due(30)] == [False, True, False]
    assert left.renewal_due(0)
