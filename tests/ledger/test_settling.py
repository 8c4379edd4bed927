import dataclasses
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from reelmill.errors import LookFirst
from reelmill.ledger.records import BudgetScope, Settlement
from reelmill.ledger.states import State, can_move
from tests.ledger.making import NOON, OUTPUT, RUN, bring_to, known, make_clip, settlement

SETTLEMENTS = [State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED]


def run_budget(ledger):
    budget = ledger.budget(BudgetScope.RUN, RUN)
    return budget.reserved_usd, budget.spent_usd


def test_the_charge_is_price_times_seconds_times_what_came_back(ledger):
    clip = make_clip(price="0.125", seconds=7, samples=4)
    intent = bring_to(ledger, State.SUBMITTED, clip)
    assert run_budget(ledger) == (Decimal("3.5"), 0)
    end = Settlement(
        state=State.PARTIAL,
        returned=3,
        video_uris=("gs://a", "gs://b", "gs://c"),
        poster_uri="gs://poster",
        provenance_uri="gs://provenance",
        inspection={"status": "review", "findings": ["dark"]},
        renditions={"tiktok": "gs://t"},
        error_code="filtered",
        error_message="one was filtered",
    )
    assert ledger.settle(intent.intent_id, end)
    after = known(ledger, intent)
    for name in ("state", "video_uris", "poster_uri", "provenance_uri", "inspection", "renditions", "error_message"):
        assert getattr(after, name) == getattr(end, name)
    assert (after.reserved_usd, after.charged_usd, after.finished_at) == (0, Decimal("2.625"), NOON)
    assert run_budget(ledger) == (0, Decimal("2.625"))
    [(charged_clip, charge)] = ledger.charges(run_id=RUN)
    assert charged_clip == clip
    assert (charge.amount_usd, charge.returned, charge.samples, charge.seconds) == (Decimal("2.625"), 3, 4, 7)
    assert (charge.operation, charge.output, charge.attempt) == (after.operation, OUTPUT, 1)
    assert list(ledger.charges(run_id="other")) == []


@pytest.mark.parametrize("end", [State.FILTERED, State.FAILED])
def test_nothing_returned_is_nothing_charged(ledger, end):
    intent = bring_to(ledger, State.SUBMITTED)
    assert ledger.settle(intent.intent_id, settlement(end, intent))
    assert list(ledger.charges()) == []
    assert run_budget(ledger) == (0, 0)
    assert ledger.audit() == []


def test_more_than_was_asked_is_still_recorded_as_it_was(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    assert ledger.settle(intent.intent_id, Settlement(state=State.SUCCEEDED, returned=2))
    assert run_budget(ledger) == (0, Decimal("6.40"))
    assert ledger.audit() == []


def test_settling_moves_exactly_where_the_protocol_says(ledger):
    for source in State:
        for target in SETTLEMENTS:
            intent = bring_to(ledger, source, make_clip(f"{source}-{target}", samples=2))
            end = settlement(target, intent)
            if source.final:
                assert not ledger.settle(intent.intent_id, end)
                assert known(ledger, intent) == intent
            elif can_move(source, target) and source is not State.SENDING:
                assert ledger.settle(intent.intent_id, end)
                assert known(ledger, intent).state is target
            else:
                with pytest.raises(LookFirst, match=source.value):
                    ledger.settle(intent.intent_id, end)
                assert known(ledger, intent) == intent
    assert ledger.audit() == []


def test_settling_twice_charges_once(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    end = settlement(State.SUCCEEDED, intent)
    assert [ledger.settle(intent.intent_id, end) for _ in range(3)] == [True, False, False]
    assert run_budget(ledger) == (0, Decimal("3.20"))
    assert not ledger.settle(intent.intent_id, dataclasses.replace(end, state=State.FAILED, returned=0))
    assert len(list(ledger.charges())) == 1


def test_many_who_settle_at_once_charge_once(ledger):
    intents = [bring_to(ledger, State.SUBMITTED, make_clip(f"c{number}")) for number in range(8)]
    asked = intents * 8
    with ThreadPoolExecutor(8) as threads:
        ends = [State.SUCCEEDED if number % 2 else State.FILTERED for number in range(len(asked))]
        won = list(threads.map(lambda i, end: ledger.settle(i.intent_id, settlement(end, i)), asked, ends))
    assert sum(won) == len(intents)
    assert ledger.audit() == []


def test_lost_and_expired_keep_their_reservation(ledger):
    lost, expired = bring_to(ledger, State.LOST, make_clip("a")), bring_to(ledger, State.EXPIRED, make_clip("b"))
    assert run_budget(ledger) == (Decimal("6.40"), 0)
    assert (lost.finished_at, expired.finished_at) == (None, None)
    assert not ledger.lost(lost.intent_id)
    assert not ledger.expired(expired.intent_id, "again")
    assert not ledger.expired(lost.intent_id, "no")
    assert known(ledger, lost) == lost


@pytest.mark.parametrize(
    ("state", "returned"),
    [(State.SUCCEEDED, 0), (State.PARTIAL, 0), (State.FAILED, 1), (State.FILTERED, 2), (State.SUCCEEDED, -1)]
    + [(state, 0) for state in (State.LOST, State.RELEASED, State.SUBMITTED)],
)
def test_a_settlement_that_contradicts_itself_cannot_be_made(state, returned):
    with pytest.raises(LookFirst, match="contradicts"):
        Settlement(state=state, returned=returned)


def test_totals_count_intents_and_money_by_state(ledger):
    bring_to(ledger, State.SUCCEEDED, make_clip("a"))
    bring_to(ledger, State.SUCCEEDED, make_clip("b", samples=2))
    bring_to(ledger, State.LOST, make_clip("c"))
    totals = ledger.totals()
    assert {state: (t.clips, t.reserved_usd, t.charged_usd) for state, t in totals.items()} == {
        State.SUCCEEDED: (2, 0, Decimal("9.60")),
        State.LOST: (1, Decimal("3.20"), 0),
    }
    assert ledger.totals(output=OUTPUT, run_id=RUN) == totals
    assert ledger.totals(output="elsewhere") == ledger.totals(run_id="other") == {}
