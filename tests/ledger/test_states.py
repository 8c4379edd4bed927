import itertools

import pytest

from reelmill.ledger.states import State, can_move

A, S, SUB, U, L, E = (
    State.AUTHORISED,
    State.SENDING,
    State.SUBMITTED,
    State.UNKNOWN,
    State.LOST,
    State.EXPIRED,
)
OK, PART, FILT, FAIL, REL = State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED, State.RELEASED

MOVES = {
    A: {S, FAIL, REL},
    S: {A, SUB, U, FILT, FAIL},
    SUB: {OK, PART, FILT, FAIL, E},
    U: {OK, PART, SUB, REL, L},
    L: {OK, PART, SUB, REL},
    E: {OK, PART, FILT, FAIL},
}


@pytest.mark.parametrize(("source", "target"), list(itertools.product(State, State)))
def test_exactly_the_moves_of_the_protocol_exist(source, target):
    assert can_move(source, target) == (target in MOVES.get(source, set()))


def test_final_states_have_no_way_out():
    assert {state for state in State if state.final} == {OK, PART, FILT, FAIL, REL}


def test_a_state_that_may_be_paid_keeps_its_reservation():
    assert {state for state in State if state.holds_reservation} == {A, S, SUB, U, L, E}
    assert all(state.holds_reservation for state in State if state.may_be_paid)


def test_nothing_that_may_be_paid_can_be_sent_again():
    assert [state for state in State if can_move(state, State.SENDING)] == [A]
    assert [state for state in State if can_move(state, State.AUTHORISED)] == [S]
