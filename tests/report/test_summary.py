from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.ledger.records import BudgetScope
from reelmill.ledger.states import State
from reelmill.ledger.tallying import Dimension, Group
from reelmill.money import split_evenly
from reelmill.report.summary import summarise
from tests.report.making import OUTPUT, make_clip

EVERY = tuple(Dimension)


def groups(summary, dimension):
    return summary.by[dimension].groups


def counted(ledger, **among):
    """The same, one attempt at a time in plain Python."""
    found = {dimension: defaultdict(Group) for dimension in Dimension}
    returned = {charge.intent_id: charge.returned for _, charge in ledger.charges()}
    for clip, intent in ledger.intents(**among):
        keys = {
            Dimension.STATE: [intent.state.value],
            Dimension.CATEGORY: [clip.category],
            Dimension.PLATFORM: clip.platforms,
            Dimension.TEMPLATE: [f"{clip.template}@{clip.template_version}"],
            Dimension.MODEL: [clip.request.model],
            Dimension.CAMPAIGN: [clip.campaign],
            Dimension.SKU: [clip.sku],
        }
        for dimension, names in keys.items():
            paid, held = split_evenly(intent.charged_usd, names), split_evenly(intent.reserved_usd, names)
            for name in names:
                group = found[dimension][name]
                group += Group(
                    attempts=1,
                    videos=returned.get(intent.intent_id, 0),
                    delivered=intent.state.delivered,
                    filtered=intent.state is State.FILTERED,
                    failed=intent.state is State.FAILED,
                    unfit=(intent.inspection or {}).get("status") == "fail",
                    spent_usd=paid[name],
                    reserved_usd=held[name],
                )
    return found


def test_a_run_adds_up_in_every_direction(shop):
    shop.a_few_runs()
    summary = summarise(shop.ledger, run_id="run-1", by=EVERY)
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
    for breakdown in summary.by.values():
        assert sum(group.spent_usd for group in breakdown.groups.values()) == summary.total.spent_usd
        assert sum(group.reserved_usd for group in breakdown.groups.values()) == summary.total.reserved_usd
    assert summary.inspections == {"review": 1}


def test_an_output_takes_in_all_its_runs(shop):
    shop.a_few_runs()
    summary = summarise(shop.ledger, output=OUTPUT, by=EVERY)
    assert summary.total.attempts == 7
    assert set(groups(summary, Dimension.PLATFORM)) == {"tiktok", "instagram_reels", "youtube_shorts", "youtube"}
    assert groups(summary, Dimension.CATEGORY)["Toys"].spent_usd == Decimal("1.2")
    assert groups(summary, Dimension.MODEL)["veo-3.1-generate-001"].spent_usd == Decimal("3.2")
    assert list(groups(summary, Dimension.TEMPLATE)) == ["apparel/9x16@ab12cd34"]


def test_a_group_says_what_came_of_its_money(shop):
    shop.run()
    shop.made(make_clip("a", samples=4), returned=3, inspection={"status": "fail", "findings": [], "videos": []})
    shop.made(make_clip("b"), returned=0)
    shop.made(make_clip("c"), returned=0, state=State.FAILED)
    ((_, group),) = groups(summarise(shop.ledger, by=[Dimension.MODEL]), Dimension.MODEL).items()
    assert group.to_dict() == {
        "attempts": 3,
        "videos": 3,
        "delivered": 1,
        "filtered": 1,
        "failed": 1,
        "unfit": 1,
        "rejected": 0,
        "spent_usd": Decimal("3.6"),
        "reserved_usd": 0,
        "yield": Decimal("0.3333"),
        "usd_per_video": Decimal("1.2"),
    }
    assert (Group().share_delivered, Group().usd_per_video) == (None, None)


def test_words_of_a_finding_are_no_verdict(shop):
    shop.run()
    said = {"code": "text", "message": 'It shows "status":"fail".'}
    shop.made(make_clip(), inspection={"status": "review", "findings": [said], "videos": [{"status": "review"}]})
    summary = summarise(shop.ledger)
    assert (summary.inspections, summary.total.unfit) == ({"review": 1}, 0)


def test_the_dearest_come_first_and_the_rest_is_counted(shop):
    shop.run()
    for number in range(5):
        shop.made(make_clip(f"S{number}", unit_price_usd=Decimal(number + 1) / 10))
    breakdown = summarise(shop.ledger, by=[Dimension.SKU], top=2).by[Dimension.SKU]
    assert (list(breakdown.groups), breakdown.more) == (["S4", "S3"], 3)


def test_what_needs_a_person_is_counted(shop):
    shop.run()
    shop.ledger.expired(shop.sent(make_clip()), "no end in sight")
    assert summarise(shop.ledger, run_id="run-1").needs_person == 1


def test_an_empty_summary_is_zero(shop):
    shop.run("empty")
    values = summarise(shop.ledger, run_id="empty").to_dict()
    assert (values["clips"], values["spent_usd"], values["by_state"], values["by_model"]) == (0, 0, {}, {})
    assert values["run_id"] == "empty"


attempts = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "ü > 'ö'"]),
        st.integers(1, 10**9),
        st.sets(st.sampled_from(["tiktok", "youtube", "x", "y"])).map(lambda names: tuple(sorted(names))),
        st.sampled_from(["sent", 0, 1, 2, 3]),
        st.sampled_from([None, "pass", "review", "fail", "skipped"]),
    ),
    max_size=6,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=attempts)
def test_the_database_counts_as_plain_python_does(shop, made):
    run_id = shop.run(f"r{shop.clock().timestamp()}")
    for number, (category, micros, platforms, end, verdict) in enumerate(made):
        price = Decimal(micros) / 10**6
        facts = {"category": category, "unit_price_usd": price, "platforms": platforms, "campaign": category.lower()}
        clip = make_clip(f"S{number}-{run_id}", samples=3, **facts)
        if end == "sent":
            shop.sent(clip, run_id)
        else:
            found = {"status": verdict, "findings": [], "videos": [{"status": verdict}]} if verdict and end else None
            shop.made(clip, run_id, returned=end, inspection=found)
    summary = summarise(shop.ledger, run_id=run_id, by=EVERY)
    expected = counted(shop.ledger, run_id=run_id)
    assert {dimension: groups(summary, dimension) for dimension in EVERY} == expected
