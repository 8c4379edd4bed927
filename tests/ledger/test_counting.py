"""The totals for metrics equal a count of everything, however they were read, and only rise."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from reelmill.ledger.counting import Counts
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, OWNER, authorise, bring_to, make_clip, settlement

BOUNDS = (30.0, 60.0)
HOUR = 3600


def simply(ledger) -> dict[State, tuple[int, int, Decimal]]:
    """Clips, refusals and USD by state, counted one by one."""
    clips, refusals, charged = Counter(), Counter(), Counter()
    for _, intent in ledger.intents():
        clips[intent.state] += 1
        refusals[intent.state] += intent.refusals
        charged[intent.state] += intent.charged_usd
    return {state: (clips[state], refusals[state], charged[state]) for state in clips}


def by_state(counts: Counts) -> dict[State, tuple[int, int, Decimal]]:
    clips, refusals, charged = Counter(), Counter(), Counter()
    for key, total in counts.read().items():
        clips[key.state] += total.clips
        refusals[key.state] += total.refusals
        charged[key.state] += total.charged_usd
    return {state: (clips[state], refusals[state], charged[state]) for state in clips}


def test_an_empty_ledger_has_none(ledger):
    assert ledger.counts(BOUNDS).read() == {}


def test_clips_are_told_apart_by_what_made_them(ledger, clock):
    shoe = authorise(ledger, make_clip("shoe", category="Shoes > Boots > Winter"))
    ledger.mark_sending(shoe.intent_id, owner=OWNER, lease_s=LEASE_S)
    ledger.accepted(shoe.intent_id, "operations/1")
    clock.advance(45)
    ledger.settle(shoe.intent_id, settlement(State.SUCCEEDED, shoe))
    bring_to(ledger, State.RELEASED, make_clip("hat", category="Hats", template_version="ff"))

    found = {(key.kind.category, key.state): (key, total) for key, total in ledger.counts(BOUNDS).read().items()}
    key, total = found["Shoes", State.SUCCEEDED]
    assert (key.kind.model, key.kind.template, key.kind.template_version) == (
        "veo-3.1-generate-001",
        "apparel/9x16",
        "ab12",
    )
    assert (key.bucket, total.clips, total.accepted, total.charged_usd) == (1, 1, 1, Decimal("3.20"))
    assert total.seconds == pytest.approx(45, abs=0.01)
    key, total = found["Hats", State.RELEASED]
    assert (key.kind.template_version, key.bucket, total.accepted, total.charged_usd) == ("ff", None, 0, 0)


@pytest.mark.parametrize(("state", "taken"), [(State.SUCCEEDED, 1), (State.PARTIAL, 1), (None, 0)])
def test_a_submit_whose_answer_was_lost_counts_once_its_videos_are_found(ledger, state, taken):
    intent = bring_to(ledger, State.UNKNOWN, make_clip(samples=2))
    if state is not None:
        ledger.settle(intent.intent_id, settlement(state, intent))
    assert sum(total.accepted for total in ledger.counts(BOUNDS).read().values()) == taken


@pytest.mark.parametrize("seed", range(4))
def test_reading_step_by_step_counts_like_reading_everything(ledger, clock, seed):
    dice = random.Random(seed)
    counts = ledger.counts(BOUNDS)
    open_ones, ended = [], Counter()
    for number in range(60):
        match dice.randrange(4):
            case 0:
                state = dice.choice([state for state in State if not state.final and state is not State.SENDING])
                open_ones.append(bring_to(ledger, state, make_clip(f"open-{number}")))
            case 1:
                state = dice.choice([State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED, State.RELEASED])
                bring_to(ledger, state, make_clip(f"done-{number}", samples=2))
            case 2 if open_ones:
                intent = open_ones.pop(dice.randrange(len(open_ones)))
                if intent.state is State.AUTHORISED:
                    ledger.refused(intent.intent_id, code="http_400", message="no", final=True, owner=OWNER)
                else:
                    ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
            case _:
                clock.advance(dice.choice([1, 60, 700, HOUR]))
        if dice.random() < 0.4:
            found = by_state(counts)
            assert found == simply(ledger)
            now_ended = Counter({state: found[state][0] for state in found if state.final})
            assert not ended - now_ended, "a counter went down"
            ended = now_ended
    assert by_state(counts) == simply(ledger) == by_state(ledger.counts(BOUNDS))


@pytest.mark.parametrize("part", [1, 2, 7])
def test_a_first_read_in_parts_counts_each_clip_once(ledger, clock, part):
    dice = random.Random(part)
    for number in range(20):
        bring_to(ledger, dice.choice([State.SUCCEEDED, State.RELEASED, State.LOST]), make_clip(f"clip-{number}"))
        clock.advance(dice.choice([0, 0, 1, 60]))  # many at the same moment
    clock.advance(HOUR)
    everything, in_parts = ledger.counts(BOUNDS), ledger.counts(BOUNDS)
    in_parts.part = part
    assert in_parts.read() == everything.read()
    assert by_state(in_parts) == simply(ledger)


def test_what_comes_in_with_an_old_date_is_counted_too(ledger, clock):
    counts = ledger.counts(BOUNDS)
    bring_to(ledger, State.SUCCEEDED, make_clip("one"))
    clock.advance(HOUR)
    assert by_state(counts) == simply(ledger)
    clock.advance(-2 * HOUR)  # as a rebuild from the records beside the videos does
    bring_to(ledger, State.SUCCEEDED, make_clip("two"))
    clock.advance(3 * HOUR)
    assert by_state(counts) == simply(ledger)
    assert simply(ledger)[State.SUCCEEDED][0] == 2
