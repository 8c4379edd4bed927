"""The real ledger against a plain-Python one, step by step, on both databases."""

from collections import Counter, deque
from itertools import pairwise

import pytest
from hypothesis.stateful import run_state_machine_as_test

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from tests.ledger.making import NOON
from tests.ledger.model import CAPS, ENDS, EVERY_MOVE, OWNERS, PROFILES, RUNS, LedgerMachine, empty, profile

OWNER = OWNERS[0]


@pytest.fixture
def ledgers(ledger, ledger_url, clock):
    """Two on one database, as two processes have them."""
    with Ledger.open(ledger_url, clock=clock) as other:
        yield [ledger, other]


def test_the_ledger_is_its_model(ledgers, clock):
    seen = Counter()

    def begin():
        empty(ledgers[0])
        clock.now = NOON
        return LedgerMachine(ledgers, clock, seen)

    run_state_machine_as_test(begin, settings=profile())
    assert seen.keys() <= EVERY_MOVE
    if profile() is PROFILES["long"]:
        assert seen.keys() == EVERY_MOVE


class _Script:
    """Stands for Hypothesis where a script decides what is drawn; of intents there is one, at place 0."""

    def __init__(self, **told):
        self._told = told

    def draw(self, _strategy, label):
        return self._told.get(label, 0)


FIRST = _Script(run=RUNS[0], owner=OWNER, caps=CAPS, again=False, unclear=False, bound=None)


def step_for(source, target):
    """The step of the model that leads from one state to the next, and what is drawn for it."""
    if target is State.SENDING:
        return LedgerMachine.mark_sending, {"owner": OWNER}
    if target is State.SUBMITTED:
        return LedgerMachine.accepted, {"name": 0}
    if target in (State.UNKNOWN, State.LOST, State.EXPIRED):
        what = {State.UNKNOWN: "unclear", State.LOST: "lost", State.EXPIRED: "expired"}[target]
        return LedgerMachine.give_up, {"what": what}
    if target is State.RELEASED and source is State.AUTHORISED:
        return LedgerMachine.release, {"owner": OWNER}
    if target in (State.RELEASED, State.AUTHORISED) or (source is State.SENDING and target in ENDS):
        causes = ("prompt:violence",) if target is State.FILTERED else ()
        return LedgerMachine.refused, {"final": target in ENDS, "owner": None, "what a filter struck": causes}
    assert target in ENDS
    return LedgerMachine.settle, {"end": target}


def way_to(state):
    """The fewest states from AUTHORISED to this one."""
    ways = deque([[State.AUTHORISED]])
    while ways[0][-1] is not state:
        way = ways.popleft()
        ways.extend([*way, target] for source, target in sorted(EVERY_MOVE) if source is way[-1])
    return ways[0]


def test_every_move_of_the_protocol_is_made_and_no_other(ledgers, clock):
    seen = Counter()
    for source, target in sorted(EVERY_MOVE):
        empty(ledgers[0])
        machine = LedgerMachine(ledgers, clock, seen)
        machine.authorise(FIRST)
        [intent_id] = machine.model
        way = [*way_to(source), target]
        for before, after in pairwise(way):
            step, told = step_for(before, after)
            step(machine, _Script(**told))
        assert machine.model[intent_id].state is target
        machine.compare()
    assert seen.keys() == EVERY_MOVE
