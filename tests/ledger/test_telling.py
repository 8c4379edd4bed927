"""The outbox: a row for each end of a run that wants it, in the same transaction, sent by one at a time."""

import itertools
from collections import Counter
from datetime import timedelta

import pytest

from reelmill.errors import FixConfiguration, LookFirst
from reelmill.ledger.backup import back_up
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import DeliveryStatus, Run, RunStatus
from reelmill.ledger.restoring import restore
from reelmill.ledger.states import State
from tests.ledger import workers
from tests.ledger.making import NOON, OUTPUT, OWNER, RUN, bring_to, known, make_clip, settlement
from tests.ledger.workers import run_together

ALL = list(DeliveryStatus)
ENDS = [state for state in State if not state.open and state is not State.RELEASED]


@pytest.fixture
def telling(ledger):
    """The ledger, with a run whose ends are to be told."""
    ledger.start_run(Run(run_id=RUN, output=OUTPUT, webhooks=True))
    return ledger


def told(ledger) -> list[tuple[str, str | None]]:
    return [(one.event, one.intent_id) for one in ledger.deliveries(statuses=ALL)]


@pytest.mark.parametrize("state", State)
def test_an_end_is_told_once_and_nothing_else_is(telling, state):
    intent = bring_to(telling, state)
    assert told(telling) == ([(f"clip.{state.value}", intent.intent_id)] if state in ENDS else [])


@pytest.mark.parametrize("state", State)
def test_nobody_is_told_of_a_run_that_does_not_want_it(ledger, state):
    bring_to(ledger, state)
    ledger.finish_run(RUN, RunStatus.COMPLETED)
    assert told(ledger) == []


def test_what_is_told_bears_the_moment_of_the_end(ledger_url):
    moments = (NOON + timedelta(seconds=number) for number in itertools.count())
    with Ledger.open(ledger_url, clock=lambda: next(moments)) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT, webhooks=True))
        intent = bring_to(ledger, State.SUCCEEDED)
        (delivery,) = ledger.deliveries(statuses=ALL)
        assert delivery.created_at == delivery.next_at == intent.finished_at


def test_a_picture_that_can_never_be_used_is_told(telling):
    intent = bring_to(telling, State.AUTHORISED)
    telling.refused(intent.intent_id, code="image_refused", message="no", final=True, owner=OWNER)
    assert told(telling) == [("clip.failed", intent.intent_id)]


def test_a_refusal_for_now_is_not_and_one_for_good_is(telling):
    intent = bring_to(telling, State.SENDING)
    telling.refused(intent.intent_id, code="429", message="no", final=False)
    assert told(telling) == []
    telling.mark_sending(intent.intent_id, owner=OWNER, lease_s=60)
    telling.refused(intent.intent_id, code="400", message="no", final=True)
    assert told(telling) == [("clip.failed", intent.intent_id)]


def test_what_was_lost_and_found_is_told_twice_each_as_it_was(telling):
    intent = bring_to(telling, State.LOST)
    telling.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    assert {event for event, _ in told(telling)} == {"clip.lost", "clip.succeeded"}
    late = bring_to(telling, State.LOST, make_clip("hat"))
    telling.refused(late.intent_id, code="400", message="no", final=True)
    assert {event for event, told_of in told(telling) if told_of == late.intent_id} == {"clip.lost", "clip.released"}


def test_an_end_that_is_rolled_back_is_not_told(telling):
    intent = bring_to(telling, State.UNKNOWN)
    with pytest.raises(LookFirst):
        telling.settle(intent.intent_id, settlement(State.FILTERED, intent))
    assert (told(telling), known(telling, intent).state) == ([], State.UNKNOWN)


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.RUNNING])
def test_the_end_of_a_run_is_told_once(telling, status):
    telling.finish_run(RUN, status)
    telling.finish_run(RUN, status)
    assert told(telling) == [(f"run.{status.value}", None)]
    with pytest.raises(FixConfiguration):
        telling.finish_run("run-nowhere", status)


def test_a_run_that_goes_on_is_told_again_if_it_still_wants_it(telling):
    telling.finish_run(RUN, RunStatus.STOPPED)
    telling.start_run(Run(run_id=RUN, output=OUTPUT, webhooks=True))
    telling.finish_run(RUN, RunStatus.COMPLETED)
    telling.start_run(Run(run_id=RUN, output=OUTPUT))
    telling.finish_run(RUN, RunStatus.FAILED)
    assert Counter(event for event, _ in told(telling)) == {"run.stopped": 1, "run.completed": 1}


def test_one_takes_what_is_due_and_nobody_else_until_the_lease_lapses(telling, clock):
    bring_to(telling, State.SUCCEEDED)
    (first,) = telling.take_due(holder="a", lease_s=30, limit=5)
    assert (first.tries, first.holder, first.status) == (1, "a", DeliveryStatus.PENDING)
    assert telling.take_due(holder="b", lease_s=30, limit=5) == []
    clock.advance(31)
    (again,) = telling.take_due(holder="b", lease_s=30, limit=5)
    assert (again.delivery_id, again.tries, again.holder) == (first.delivery_id, 2, "b")

    assert not telling.put_off(first.delivery_id, holder="a", pause_s=1, error="late")
    assert not telling.bury(first.delivery_id, holder="a", error="late")
    telling.delivered(first.delivery_id)  # whoever knows that it arrived is right
    assert telling.count_deliveries() == {DeliveryStatus.DELIVERED: 1}
    assert not telling.put_off(first.delivery_id, holder="b", pause_s=1, error="late")
    clock.advance(1000)
    assert telling.take_due(holder="b", lease_s=30, limit=5) == []


def test_what_failed_comes_back_after_its_pause_and_the_dead_after_a_redrive(telling, clock):
    bring_to(telling, State.SUCCEEDED)
    (one,) = telling.take_due(holder="a", lease_s=30, limit=5)
    assert telling.put_off(one.delivery_id, holder="a", pause_s=10, error="HTTP 500")
    assert telling.take_due(holder="a", lease_s=30, limit=5) == []
    clock.advance(10)
    (one,) = telling.take_due(holder="a", lease_s=30, limit=5)
    assert telling.bury(one.delivery_id, holder="a", error="HTTP 410")
    clock.advance(10_000)
    assert telling.take_due(holder="a", lease_s=30, limit=5) == []
    (dead,) = telling.deliveries(statuses=[DeliveryStatus.DEAD])
    assert (dead.error, dead.tries) == ("HTTP 410", 2)

    assert telling.redrive_deliveries(["msg_other"]) == 0
    assert telling.redrive_deliveries([one.delivery_id]) == 1
    assert telling.redrive_deliveries() == 0
    (back,) = telling.take_due(holder="a", lease_s=30, limit=5)
    assert (back.delivery_id, back.tries) == (one.delivery_id, 1)


def test_a_receiver_that_asks_for_a_pause_gets_it_from_everybody(telling, clock):
    for name in ("a", "b", "c"):
        bring_to(telling, State.SUCCEEDED, make_clip(name))
    telling.hold_back(60)
    assert telling.take_due(holder="a", lease_s=30, limit=5) == []
    clock.advance(60)
    assert len(telling.take_due(holder="a", lease_s=30, limit=2)) == 2
    assert len(telling.take_due(holder="b", lease_s=30, limit=2)) == 1


def test_a_pause_holds_for_what_ends_and_for_what_fails_meanwhile(telling, clock):
    bring_to(telling, State.SUCCEEDED)
    (other,) = telling.take_due(holder="b", lease_s=600, limit=1)
    telling.hold_back(60)
    telling.hold_back(10)  # a shorter one takes nothing from a longer
    bring_to(telling, State.SUCCEEDED, make_clip("hat"))
    telling.put_off(other.delivery_id, holder="b", pause_s=1, error="HTTP 500")
    clock.advance(59)
    assert telling.take_due(holder="a", lease_s=30, limit=5) == []
    clock.advance(1)
    assert len(telling.take_due(holder="a", lease_s=30, limit=5)) == 2


def test_a_redrive_ends_a_pause(telling):
    bring_to(telling, State.SUCCEEDED)
    (one,) = telling.take_due(holder="a", lease_s=30, limit=5)
    telling.bury(one.delivery_id, holder="a", error="HTTP 503")
    telling.hold_back(60)
    assert telling.redrive_deliveries() == 1
    assert len(telling.take_due(holder="a", lease_s=30, limit=5)) == 1


def test_a_try_that_was_cut_short_does_not_count(telling):
    bring_to(telling, State.SUCCEEDED)
    (one,) = telling.take_due(holder="a", lease_s=30, limit=5)
    assert not telling.give_back_delivery(one.delivery_id, holder="b")
    assert telling.give_back_delivery(one.delivery_id, holder="a")
    (again,) = telling.take_due(holder="b", lease_s=30, limit=5)
    assert (again.delivery_id, again.tries) == (one.delivery_id, 1)


def test_processes_that_send_together_never_take_the_same(telling, ledger_url):
    for number in range(40):
        bring_to(telling, State.SUCCEEDED, make_clip(f"shoe-{number}"))
    taken = [one for part in run_together(4, workers.take_everything_due, ledger_url) for one in part]
    assert len(taken) == len(set(taken)) == 40


def test_a_backup_carries_what_is_still_to_be_told(telling, ledger_url, tmp_path):
    bring_to(telling, State.SUCCEEDED)
    telling.finish_run(RUN, RunStatus.COMPLETED)
    telling.saw_feed("feed.csv", "v1")
    before = telling.deliveries(statuses=ALL)
    back_up(ledger_url, tmp_path / "backup.db")
    url = f"sqlite:///{tmp_path}/restored.db"

    restored = restore(url, tmp_path / "backup.db")

    assert (restored.rows["deliveries"], restored.rows["landings"]) == (2, 1)
    with Ledger.open(url) as ledger:
        assert ledger.deliveries(statuses=ALL) == before
        assert len(ledger.take_due(holder="a", lease_s=30, limit=5)) == 2  # told again rather than never
