from dataclasses import replace
from datetime import timedelta

import pytest

from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, NOON, OTHER, OUTPUT, OWNER, RUN, authorise, bring_to, known, make_clip

OPEN = [state for state in State if state.open]


def alive(_owner):
    return False


def adopt(ledger, **changes):
    return ledger.adopt(**({"owner": OTHER, "lease_s": LEASE_S, "is_gone": alive} | changes))


def one_of_each(ledger):
    return {state: bring_to(ledger, state, make_clip(state.value)) for state in State}


def test_a_live_owner_is_left_alone(ledger, clock):
    before = one_of_each(ledger)
    clock.advance(LEASE_S - 0.000001)
    assert adopt(ledger) == []
    assert {state: known(ledger, intent) for state, intent in before.items()} == before


def test_a_lapsed_lease_hands_over_every_open_intent_and_nothing_else(ledger, clock):
    before = one_of_each(ledger)
    clock.advance(LEASE_S)
    taken = adopt(ledger)
    assert {intent.intent_id for intent in taken} == {before[state].intent_id for state in OPEN}
    for intent in taken:
        assert intent == known(ledger, intent)
        assert (intent.owner, intent.lease_until) == (OTHER, NOON + timedelta(seconds=2 * LEASE_S))
    for state in set(State) - set(OPEN):
        assert known(ledger, before[state]) == before[state]
    for state in set(OPEN) - {State.SENDING}:
        theirs = known(ledger, before[state])
        assert theirs == replace(before[state], owner=OTHER, lease_until=theirs.lease_until)
    sending = known(ledger, before[State.SENDING])
    assert (sending.state, sending.unclear_since, sending.error_code) == (State.UNKNOWN, NOON, "unclear")
    assert ledger.audit() == []
    assert adopt(ledger, owner="third") == []


def test_lapsed_leases_and_owners_that_are_gone_are_taken_together(ledger, clock):
    lapsed = authorise(ledger, make_clip("lapsed"), owner="elsewhere")
    clock.advance(LEASE_S)
    gone, held = authorise(ledger, make_clip("gone")), authorise(ledger, make_clip("held"), owner="worker-c")

    taken = adopt(ledger, is_gone=lambda owner: owner == OWNER)

    assert {intent.intent_id for intent in taken} == {lapsed.intent_id, gone.intent_id}
    assert known(ledger, held).owner == "worker-c"


def test_an_owner_known_to_be_gone_is_not_waited_for(ledger):
    mine, other = bring_to(ledger, State.SENDING, make_clip("a")), authorise(ledger, make_clip("b"), owner="worker-c")
    asked = []

    def is_gone(owner):
        asked.append(owner)
        return owner == OWNER

    assert [intent.intent_id for intent in adopt(ledger, is_gone=is_gone)] == [mine.intent_id]
    assert sorted(asked) == [OWNER, "worker-c"]
    assert known(ledger, other).owner == "worker-c"


def test_nobody_is_asked_whether_it_is_gone_itself(ledger):
    authorise(ledger)

    def is_gone(owner):
        raise AssertionError(owner)

    assert adopt(ledger, owner=OWNER, is_gone=is_gone) == []


def test_the_old_owner_finds_out_before_it_sends(ledger, clock):
    intent = authorise(ledger)
    clock.advance(LEASE_S)
    adopt(ledger)
    assert ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S) is None
    assert not ledger.release(intent.intent_id, owner=OWNER)
    assert ledger.mark_sending(intent.intent_id, owner=OTHER, lease_s=LEASE_S) is not None


def test_it_takes_the_oldest_first_and_only_what_was_asked_for(ledger, clock):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    made = []
    for number in range(6):
        run, output = (RUN, OUTPUT) if number % 2 else ("run-2", "elsewhere")
        made.append(authorise(ledger, make_clip(f"c{number}"), run_id=run, output=output).intent_id)
        clock.advance(1)
    clock.advance(LEASE_S)
    assert [intent.intent_id for intent in adopt(ledger, limit=2)] == made[:2]
    assert [intent.intent_id for intent in adopt(ledger, output=OUTPUT)] == [made[3], made[5]]
    assert adopt(ledger, run_id=RUN) == []
    assert [intent.intent_id for intent in adopt(ledger, run_id="run-2")] == [made[2], made[4]]


def test_renewing_keeps_what_is_ones_own(ledger, clock):
    mine = [authorise(ledger, make_clip(f"m{number}")) for number in range(3)]
    theirs = authorise(ledger, make_clip("t"), owner=OTHER)
    done = bring_to(ledger, State.SUCCEEDED, make_clip("d"))
    clock.advance(LEASE_S)
    everything = [intent.intent_id for intent in (*mine, theirs, done)]
    assert ledger.renew(everything, owner=OWNER, lease_s=LEASE_S) == 3
    assert ledger.renew([], owner=OWNER, lease_s=LEASE_S) == 0
    assert {known(ledger, intent).lease_until for intent in mine} == {NOON + timedelta(seconds=2 * LEASE_S)}
    assert [intent.intent_id for intent in adopt(ledger, owner="third")] == [theirs.intent_id]


@pytest.mark.parametrize("state", [State.SENDING, State.SUBMITTED])
def test_an_adopted_intent_still_takes_the_answer_that_its_first_owner_got(ledger, clock, state):
    intent = bring_to(ledger, State.SENDING)
    if state is State.SUBMITTED:
        ledger.accepted(intent.intent_id, "operations/1")
    clock.advance(LEASE_S)
    adopt(ledger)
    assert ledger.accepted(intent.intent_id, "operations/1")
    after = known(ledger, intent)
    assert (after.state, after.owner, after.operation) == (State.SUBMITTED, OTHER, "operations/1")
