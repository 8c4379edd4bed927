"""How the ledger stands now: money against caps, what is unclear and since when, penalties."""

from dataclasses import replace
from decimal import Decimal

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import BudgetScope, Caps, Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, authorise, bring_to, make_clip

NO_CAPS = Caps()


def test_money_of_this_day_and_month_against_the_caps_of_the_latest_run(ledger, clock):
    bring_to(ledger, State.SUCCEEDED, make_clip("paid"))
    authorise(ledger, make_clip("promised"))
    now = ledger.present(Caps(day_usd=Decimal(1)))
    assert [money.cap_usd for money in now.money] == [None, None]  # the run of the fixture has none
    clock.advance(1)
    ledger.start_run(Run(run_id="run-2", output=OUTPUT, caps=Caps(day_usd=Decimal(5), month_usd=Decimal(100))))
    day, month = ledger.present(NO_CAPS).money
    assert (day.budget.scope, month.budget.scope) == (BudgetScope.DAY, BudgetScope.MONTH)
    assert (day.budget.spent_usd, day.budget.reserved_usd) == (Decimal("3.20"), Decimal("3.20"))
    assert day.headroom_usd == 0  # never below
    assert month.headroom_usd == Decimal("93.60")
    clock.advance(86_400)
    day, month = ledger.present(NO_CAPS).money
    assert (day.budget.spent_usd, day.headroom_usd) == (0, Decimal(5))
    assert month.budget.spent_usd == Decimal("3.20")


def test_the_age_of_the_oldest_unclear_clip(ledger, clock):
    for state in (State.UNKNOWN, State.LOST, State.EXPIRED):
        bring_to(ledger, state, make_clip(state.value))
        clock.advance(100)
        bring_to(ledger, state, make_clip(f"{state.value} later"))
    now = ledger.present(NO_CAPS)
    assert now.unclear_s == {State.UNKNOWN: 300, State.LOST: 200, State.EXPIRED: 100}
    assert {state: number for state, number in now.clips.items() if number} == dict.fromkeys(now.unclear_s, 2)


def test_a_lost_clip_that_was_made_again_alarms_nobody(ledger, clock):
    clip = make_clip("lost")
    bring_to(ledger, State.LOST, clip)
    clock.advance(60)
    assert ledger.present(NO_CAPS).unclear_s[State.LOST] == 60
    authorise(ledger, replace(clip), again=True, again_unclear=True)
    now = ledger.present(NO_CAPS)
    assert now.unclear_s[State.LOST] == 0
    assert (now.clips[State.LOST], now.clips[State.AUTHORISED]) == (0, 1)


def test_penalties_and_running_runs(ledger, clock):
    key = "my-project/us-central1/veo"
    ledger.throttle(key, first_s=30, max_s=240)
    clock.advance(10)
    now = ledger.present(NO_CAPS)
    (penalty,) = now.penalties
    assert (penalty.key, penalty.left_s, penalty.streak) == (key, 20, 1)
    assert now.running == 1
    clock.advance(60)
    assert ledger.present(NO_CAPS).penalties[0].left_s == 0
    assert ledger.run(RUN) is not None


def test_caps_that_are_given_count_until_a_run_brings_its_own(ledger_url):
    with Ledger.open(ledger_url) as ledger:
        given = ledger.present(Caps(day_usd=Decimal(5)))
        assert [money.cap_usd for money in given.money] == [Decimal(5), None]
