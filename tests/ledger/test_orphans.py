from decimal import Decimal

import pytest

from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, authorise, bring_to, known, make_clip, settlement


def found(ledger, **filters):
    return [intent.intent_id for _, intent in ledger.orphans(**filters)]


def lost_then_found(ledger, second: State):
    """A lost attempt, made again with this end, whose own video turns up afterwards."""
    first = bring_to(ledger, State.LOST)
    again = bring_to(ledger, second, again=True, again_unclear=True, after=first.intent_id)
    assert ledger.settle(first.intent_id, settlement(State.SUCCEEDED, first))
    return known(ledger, first), known(ledger, again)


def test_a_lost_video_that_turns_up_after_it_was_made_again_is_an_orphan(ledger):
    first, _ = lost_then_found(ledger, State.SUCCEEDED)

    ((clip, orphan),) = ledger.orphans()
    assert (clip.clip_id, orphan) == (first.clip_id, first)
    assert orphan.charged_usd == Decimal("3.20")
    assert orphan.video_uris == (f"{first.output_prefix}0.mp4",)
    assert ledger.audit() == []


@pytest.mark.parametrize("second", [state for state in State if not state.delivered])
def test_it_is_none_while_no_later_attempt_delivered(ledger, second):
    lost_then_found(ledger, second)
    assert found(ledger) == []


def test_a_clip_made_anew_leaves_every_older_delivery_behind(ledger, clock):
    attempts = []
    for state in (State.SUCCEEDED, State.FAILED, State.SUCCEEDED, State.SUCCEEDED, State.FILTERED):
        attempts.append(bring_to(ledger, state, again=True).intent_id)
        clock.advance(1)
    assert found(ledger) == [attempts[0], attempts[2]]


def test_first_deliveries_failures_and_other_outputs_are_no_orphans(ledger):
    for state in State:
        bring_to(ledger, state, make_clip(state.value))
    assert found(ledger) == []
    first, _ = lost_then_found(ledger, State.SUCCEEDED)
    assert found(ledger, output=OUTPUT) == [first.intent_id]
    assert found(ledger, output="elsewhere") == []


def test_a_delivery_in_another_output_leaves_nothing_behind(ledger):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    ours = bring_to(ledger, State.SUCCEEDED)
    bring_to(ledger, State.SUCCEEDED, again=True, run_id="run-2", output="elsewhere")
    assert found(ledger) == []
    bring_to(ledger, State.SUCCEEDED, again=True)
    assert found(ledger) == [ours.intent_id]


def test_an_open_remake_keeps_the_older_video_in_use(ledger):
    first = bring_to(ledger, State.SUCCEEDED)
    second = authorise(ledger, again=True, after=first.intent_id)
    assert found(ledger) == []
    ledger.mark_sending(second.intent_id, owner=second.owner, lease_s=60)
    ledger.accepted(second.intent_id, "operations/2")
    ledger.settle(second.intent_id, settlement(State.SUCCEEDED, second))
    assert found(ledger) == [first.intent_id]
