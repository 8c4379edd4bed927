import dataclasses

import pytest

from reelmill.ledger.states import State
from tests.ledger.making import bring_to, make_clip, settlement


def deliver(ledger, name, inspection, state=State.SUCCEEDED, **changes):
    intent = bring_to(ledger, State.SUBMITTED, make_clip(name, samples=2), **changes)
    ledger.settle(intent.intent_id, dataclasses.replace(settlement(state, intent), inspection=inspection))
    return intent


def verdict(status, message=""):
    return {"status": status, "findings": [{"code": "black", "message": message}], "videos": [{"status": "fail"}]}


def test_only_what_inspection_failed_is_unfit(ledger):
    expected = {
        deliver(ledger, "a", verdict("fail")).intent_id,
        deliver(ledger, "b", verdict("fail"), State.PARTIAL).intent_id,
    }
    for name, inspection in {
        "c": verdict("pass"),
        "d": verdict("review", 'it says "status":"fail" on the box'),
        "e": None,
    }.items():
        deliver(ledger, name, inspection)

    assert {intent.intent_id for _, intent in ledger.unfit()} == expected


@pytest.mark.parametrize("later", [State.SUCCEEDED, State.FAILED, State.SUBMITTED])
def test_another_attempt_takes_its_place(ledger, later):
    first = deliver(ledger, "a", verdict("fail"))
    bring_to(ledger, later, make_clip("a", samples=2), again=True, after=first.intent_id)
    assert list(ledger.unfit()) == []


def test_it_can_be_asked_of_one_output(ledger):
    deliver(ledger, "a", verdict("fail"))
    assert list(ledger.unfit(output="elsewhere")) == []
