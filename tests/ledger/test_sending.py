from datetime import timedelta

import pytest

from reelmill.errors import FixConfiguration, LookFirst
from reelmill.ledger.records import BudgetScope
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, NOON, OTHER, OWNER, RUN, authorise, bring_to, known, make_clip, settlement


def reserved(ledger):
    return ledger.budget(BudgetScope.RUN, RUN).reserved_usd


def test_only_the_owner_marks_sending_and_only_once(ledger, clock):
    intent = authorise(ledger)
    assert ledger.mark_sending(intent.intent_id, owner=OTHER, lease_s=LEASE_S) is None
    clock.advance(5)
    sending = ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)
    assert sending == known(ledger, intent)
    assert (sending.state, sending.sending_at) == (State.SENDING, NOON + timedelta(seconds=5))
    assert sending.lease_until == NOON + timedelta(seconds=65)
    assert ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S) is None


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.LOST])
def test_an_answer_that_names_the_operation_counts_however_late(ledger, state):
    intent = bring_to(ledger, state)
    assert ledger.accepted(intent.intent_id, "operations/7")
    after = known(ledger, intent)
    assert (after.state, after.operation, after.submitted_at) == (State.SUBMITTED, "operations/7", NOON)
    assert (after.error_code, after.error_message) == ("", "")
    assert after.reserved_usd == intent.reserved_usd
    assert ledger.accepted(intent.intent_id, "operations/7"), "saying it twice is no harm"
    assert not ledger.accepted(intent.intent_id, "operations/8"), "another operation would be another payment"
    assert known(ledger, intent) == after


def test_an_answer_after_the_end_changes_no_state_but_its_name_is_kept(ledger):
    for state in (State.AUTHORISED, State.RELEASED, State.FAILED, State.FILTERED, State.EXPIRED):
        intent = bring_to(ledger, state, make_clip(state.value))
        assert not ledger.accepted(intent.intent_id, "operations/late")
        assert known(ledger, intent) == intent
    found = bring_to(ledger, State.LOST, make_clip("found"))
    ledger.settle(found.intent_id, settlement(State.SUCCEEDED, found))
    assert not ledger.accepted(found.intent_id, "operations/late")
    assert known(ledger, found).operation == "operations/late"
    assert known(ledger, found).state is State.SUCCEEDED
    assert ledger.audit() == []


def test_one_operation_belongs_to_one_intent(ledger):
    first, second = bring_to(ledger, State.SENDING, make_clip("a")), bring_to(ledger, State.SENDING, make_clip("b"))
    assert ledger.accepted(first.intent_id, "operations/7")
    with pytest.raises(LookFirst, match="another intent"):
        ledger.accepted(second.intent_id, "operations/7")
    assert known(ledger, second).state is State.SENDING


def test_a_refusal_returns_the_intent_for_another_send(ledger):
    intent = bring_to(ledger, State.SENDING)
    for refusals in (1, 2):
        state = ledger.refused(intent.intent_id, code="429", message="quota", final=False)
        after = known(ledger, intent)
        assert (state, after.state, after.refusals, after.error_code) == (State.AUTHORISED,) * 2 + (refusals, "429")
        assert reserved(ledger) == intent.reserved_usd
        assert ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)


def test_a_refusal_written_once_more_is_not_about_the_next_send(ledger):
    marked = bring_to(ledger, State.SENDING)
    refusal = {"code": "429", "message": "quota", "final": False, "refusals": marked.refusals}
    assert ledger.refused(marked.intent_id, **refusal) is State.AUTHORISED
    assert ledger.mark_sending(marked.intent_id, owner=OWNER, lease_s=LEASE_S)
    assert ledger.refused(marked.intent_id, **refusal) is State.SENDING
    assert ledger.unclear(marked.intent_id, "the connection broke")
    assert ledger.refused(marked.intent_id, **refusal) is State.UNKNOWN
    assert known(ledger, marked).refusals == 1
    assert reserved(ledger) == marked.reserved_usd


def test_a_refusal_for_good_frees_the_reservation(ledger):
    intent = bring_to(ledger, State.SENDING)
    assert ledger.refused(intent.intent_id, code="400", message="no such field", final=True) is State.FAILED
    after = known(ledger, intent)
    assert (after.state, after.finished_at, after.reserved_usd) == (State.FAILED, NOON, 0)
    assert reserved(ledger) == 0


def test_a_refusal_by_a_safety_filter_is_known_as_one(ledger):
    intent, causes = bring_to(ledger, State.SENDING), ("prompt:violence",)
    refusal = {"code": "61493863", "message": "blocked", "filter_causes": causes}
    assert ledger.refused(intent.intent_id, **refusal, final=True) is State.FILTERED
    after = known(ledger, intent)
    assert (after.filter_causes, after.finished_at, after.reserved_usd) == (causes, NOON, 0)
    assert (reserved(ledger), ledger.audit()) == (0, [])


@pytest.mark.parametrize("state", [State.UNKNOWN, State.LOST])
@pytest.mark.parametrize("final", [False, True])
def test_a_late_refusal_releases_what_was_unclear(ledger, state, final):
    intent = bring_to(ledger, state)
    assert ledger.refused(intent.intent_id, code="429", message="quota", final=final) is State.RELEASED
    assert known(ledger, intent).state is State.RELEASED
    assert reserved(ledger) == 0
    assert authorise(ledger).attempt == 2


def test_a_refusal_never_touches_what_it_cannot_be_about(ledger):
    for state in (State.SUBMITTED, State.SUCCEEDED, State.FILTERED, State.EXPIRED, State.RELEASED):
        intent = bring_to(ledger, state, make_clip(state.value))
        assert ledger.refused(intent.intent_id, code="400", message="late", final=True, owner=OWNER) is state
        assert known(ledger, intent) == intent
    assert ledger.audit() == []


def test_an_owner_may_give_up_what_cannot_even_be_sent(ledger):
    intent = authorise(ledger)
    for stranger in (None, OTHER):
        refused = ledger.refused(intent.intent_id, code="image", message="no image", final=True, owner=stranger)
        assert refused is State.AUTHORISED
    assert ledger.refused(intent.intent_id, code="image", message="gone", final=False, owner=OWNER) is State.AUTHORISED
    assert known(ledger, intent) == intent
    assert ledger.refused(intent.intent_id, code="image", message="gone", final=True, owner=OWNER) is State.FAILED
    assert reserved(ledger) == 0


def test_a_stranger_cannot_fail_what_another_is_sending(ledger):
    intent = bring_to(ledger, State.SENDING)
    assert ledger.refused(intent.intent_id, code="image", message="x", final=True, owner=OTHER) is State.SENDING
    assert known(ledger, intent) == intent


def test_unclear_remembers_since_when(ledger, clock):
    intent = bring_to(ledger, State.SENDING)
    clock.advance(61)
    assert ledger.unclear(intent.intent_id, "read timed out\0")
    after = known(ledger, intent)
    assert (after.state, after.unclear_since) == (State.UNKNOWN, NOON)
    assert after.error_message == "read timed out\ufffd"
    assert not ledger.unclear(intent.intent_id, "again")
    assert reserved(ledger) == intent.reserved_usd


def test_only_the_owner_releases_and_only_what_was_never_sent(ledger):
    intent = authorise(ledger)
    assert not ledger.release(intent.intent_id, owner=OTHER)
    assert ledger.release(intent.intent_id, owner=OWNER)
    assert not ledger.release(intent.intent_id, owner=OWNER)
    assert (known(ledger, intent).reserved_usd, reserved(ledger)) == (0, 0)
    sending = bring_to(ledger, State.SENDING)
    assert not ledger.release(sending.intent_id, owner=OWNER)


def test_an_unknown_intent_is_named(ledger):
    assert ledger.intent("nobody") is None
    assert ledger.mark_sending("nobody", owner=OWNER, lease_s=1) is None
    with pytest.raises(FixConfiguration, match="nobody"):
        ledger.accepted("nobody", "operations/1")


@pytest.mark.parametrize("state", [State.UNKNOWN, State.LOST])
def test_a_stranger_cannot_give_up_what_another_worker_sent(ledger, state):
    intent = bring_to(ledger, state)
    refused = ledger.refused(intent.intent_id, code="image", message="no image", final=True, owner=OTHER)
    assert refused is known(ledger, intent).state is state
    assert known(ledger, intent).reserved_usd == intent.reserved_usd
