from decimal import Decimal

import pytest

from reelmill.errors import FixConfiguration, RaiseCap
from reelmill.ledger.records import BudgetScope, Caps, Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, authorise, bring_to, make_clip, settlement

SCOPES = {
    "run_usd": (BudgetScope.RUN, RUN),
    "day_usd": (BudgetScope.DAY, "2026-07-15"),
    "month_usd": (BudgetScope.MONTH, "2026-07"),
}


@pytest.mark.parametrize("cap", SCOPES)
def test_each_cap_is_reached_to_the_cent_and_never_passed(ledger, cap):
    caps = Caps(**{cap: Decimal("9.60")})
    bring_to(ledger, State.SUCCEEDED, make_clip("spent"), caps=caps)
    bring_to(ledger, State.LOST, make_clip("reserved"), caps=caps)
    authorise(ledger, make_clip("last"), caps=caps)
    with pytest.raises(RaiseCap) as refusal:
        authorise(ledger, make_clip("over", price="0.000001", seconds=4), caps=caps)
    scope, key = SCOPES[cap]
    assert str(refusal.value).startswith(
        f"The {scope} cap of 9.60 USD ({key}) would be passed: 3.20 spent, 6.40 reserved, 0.000004 asked."
    )
    assert f"cap_{scope}_usd" in refusal.value.remedy
    for scope, key in SCOPES.values():
        budget = ledger.budget(scope, key)
        assert (budget.reserved_usd, budget.spent_usd) == (Decimal("6.40"), Decimal("3.20"))
    assert ledger.clip(make_clip("over", price="0.000001", seconds=4).clip_id) is None
    assert ledger.audit() == []


def test_a_refusal_leaves_the_other_budgets_as_they_were(ledger):
    with pytest.raises(RaiseCap, match="month cap"):
        authorise(ledger, caps=Caps(run_usd=Decimal(100), day_usd=Decimal(100), month_usd=Decimal("3.19")))
    assert [ledger.budget(scope, key).reserved_usd for scope, key in SCOPES.values()] == [0, 0, 0]


def test_freed_money_can_be_promised_again(ledger):
    caps = Caps(day_usd=Decimal("3.20"))
    for state in (State.RELEASED, State.FAILED, State.FILTERED):
        bring_to(ledger, state, make_clip(state.value), caps=caps)
    bring_to(ledger, State.SUCCEEDED, make_clip("paid"), caps=caps)
    with pytest.raises(RaiseCap):
        authorise(ledger, make_clip("over"), caps=caps)


def test_a_cap_set_later_counts_what_was_spent_before_it(ledger):
    bring_to(ledger, State.SUCCEEDED, make_clip("early"))
    with pytest.raises(RaiseCap, match=r"3\.20 spent"):
        authorise(ledger, make_clip("late"), caps=Caps(month_usd=Decimal(6)))


def test_each_day_month_and_run_has_its_own_budget(ledger, clock):
    caps = Caps(day_usd=Decimal("3.20"), run_usd=Decimal("6.40"))
    authorise(ledger, make_clip("monday"), caps=caps)
    clock.advance(24 * 3600)
    authorise(ledger, make_clip("tuesday"), caps=caps)
    clock.advance(24 * 3600)
    with pytest.raises(RaiseCap, match="run cap"):
        authorise(ledger, make_clip("wednesday"), caps=caps)
    ledger.start_run(Run(run_id="run-2", output=OUTPUT))
    authorise(ledger, make_clip("wednesday"), caps=caps, run_id="run-2")
    assert ledger.budget(BudgetScope.MONTH, "2026-07").reserved_usd == Decimal("9.60")


def test_a_settlement_after_midnight_is_booked_on_the_day_that_reserved_it(ledger, clock):
    clock.advance(12 * 3600 - 1)
    intent = bring_to(ledger, State.SUBMITTED)
    clock.advance(31 * 24 * 3600)
    ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    assert ledger.budget(BudgetScope.DAY, "2026-07-15").spent_usd == Decimal("3.20")
    assert ledger.budget(BudgetScope.MONTH, "2026-08").spent_usd == 0
    assert ledger.audit() == []


def test_a_cap_of_nothing_stops_everything(ledger):
    with pytest.raises(RaiseCap, match=r"cap of 0\.00 USD"):
        authorise(ledger, caps=Caps(day_usd=Decimal(0)))


def test_a_cap_finer_than_money_is_refused(ledger):
    with pytest.raises(FixConfiguration, match="millionths"):
        authorise(ledger, caps=Caps(day_usd=Decimal("1.00000001")))
