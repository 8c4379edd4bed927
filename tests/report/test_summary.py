from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.ledger.records import BudgetScope
from reelmill.report.summary import Summary, summarise
from tests.report.making import OUTPUT, make_clip


def test_a_run_adds_up_in_every_direction(shop):
    shop.a_few_runs()
    summary = summarise(shop.ledger, run_id="run-1")
    budget = shop.ledger.budget(BudgetScope.RUN, "run-1")
    assert (summary.total.spent_usd, summary.total.reserved_usd) == (budget.spent_usd, budget.reserved_usd)
    assert (summary.clips, summary.total.attempts, summary.total.delivered) == (5, 5, 2)
    assert {state: group.attempts for state, group in summary.by_state.items()} == {
        "succeeded": 1,
        "partial": 1,
        "filtered": 1,
        "submitted": 1,
        "released": 1,
    }
    for groups in (summary.by_state, summary.by_category, summary.by_platform, summary.by_model):
        assert sum(group.spent_usd for group in groups.values()) == summary.total.spent_usd
        assert sum(group.reserved_usd for group in groups.values()) == summary.total.reserved_usd
    assert summary.inspections == {"review": 1}


def test_an_output_takes_in_all_its_runs(shop):
    shop.a_few_runs()
    summary = summarise(shop.ledger, output=OUTPUT)
    assert summary.total.attempts == 7
    assert set(summary.by_platform) == {"tiktok", "instagram_reels", "youtube_shorts", "youtube"}
    assert summary.by_category["Toys"].spent_usd == Decimal("1.2")
    assert summary.by_model["veo-3.1-generate-001"].spent_usd == Decimal("3.2")


def test_what_needs_a_person_is_counted(shop):
    shop.run()
    shop.ledger.expired(shop.sent(make_clip()), "no end in sight")
    assert summarise(shop.ledger, run_id="run-1").needs_person == 1


def test_an_empty_summary_is_zero(shop):
    shop.run("empty")
    values = summarise(shop.ledger, run_id="empty").to_dict()
    assert (values["clips"], values["spent_usd"], values["by_state"]) == (0, 0, {})
    assert values["run_id"] == "empty"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(micros=st.integers(1, 10**9), platforms=st.integers(0, 7))
def test_shares_sum_exactly(shop, micros, platforms):
    names = tuple(f"p{n}" for n in range(platforms))
    price = Decimal(micros) / 10**6
    run_id = shop.run(f"r{shop.clock().timestamp()}")
    shop.sent(make_clip(f"S{run_id}", unit_price_usd=price, platforms=names), run_id)
    summary: Summary = summarise(shop.ledger, run_id=run_id)
    assert summary.total.reserved_usd == price * 8
    if names:
        assert sum(group.reserved_usd for group in summary.by_platform.values()) == price * 8
