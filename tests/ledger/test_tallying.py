"""What attempts cost and came to, by every dimension: money is shared to the millionth and always sums to the total."""

import secrets
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.ledger.records import Decision, ReviewedVia, Run
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.ledger.tallying import Dimension, Group
from tests.ledger.making import OUTPUT, bring_to, make_clip, settlement

ELSEWHERE = "gs://shop/others"


@pytest.fixture
def told(ledger):
    """A few attempts: delivered whole and in part, filtered, failed, open; one of another run and output."""
    spring, autumn = {"campaign": "Spring", "category": "Shoes"}, {"campaign": "Autumn", "category": "Hats"}
    bring_to(ledger, State.SUCCEEDED, make_clip("a", price="0.10", **spring))
    bring_to(ledger, State.PARTIAL, make_clip("b", price="0.20", samples=2, platforms=("youtube_shorts",), **spring))
    bring_to(ledger, State.FILTERED, make_clip("c", **autumn))
    bring_to(ledger, State.FAILED, make_clip("d", template="hats/9x16", **autumn))
    bring_to(ledger, State.SUBMITTED, make_clip("e", price="0.05", **autumn))
    ledger.start_run(Run(run_id="elsewhere", output=ELSEWHERE))
    bring_to(ledger, State.SUCCEEDED, make_clip("f"), run_id="elsewhere", output=ELSEWHERE)
    return ledger


def asked(intent, decision):
    return AskedReview(
        review_id=secrets.token_hex(16),
        intent_id=intent.intent_id,
        decision=decision,
        reviewer="Ada",
        via=ReviewedVia.PAGE,
    )


def by(ledger, dimension, **which):
    return dict(ledger.tally(dimension, **(which or {"output": OUTPUT})))


def test_each_way_to_end_is_counted(told):
    groups = by(told, Dimension.CAMPAIGN)
    spring, autumn = groups["Spring"], groups["Autumn"]
    assert (spring.attempts, spring.videos, spring.delivered, spring.filtered, spring.failed) == (2, 2, 2, 0, 0)
    assert (autumn.attempts, autumn.videos, autumn.delivered, autumn.filtered, autumn.failed) == (3, 0, 0, 1, 1)
    assert (spring.spent_usd, spring.reserved_usd) == (Decimal("2.40"), 0)
    assert (autumn.spent_usd, autumn.reserved_usd) == (0, Decimal("0.40"))
    assert list(groups) == ["Spring", "Autumn"]  # the dearest first


@pytest.mark.parametrize(
    ("dimension", "values"),
    [
        (Dimension.STATE, {"succeeded", "partial", "filtered", "failed", "submitted"}),
        (Dimension.CATEGORY, {"Shoes", "Hats"}),
        (Dimension.TEMPLATE, {"apparel/9x16@ab12", "hats/9x16@ab12"}),
        (Dimension.MODEL, {"veo-3.1-generate-001"}),
        (Dimension.SKU, {"a", "b", "c", "d", "e"}),
        (Dimension.PLATFORM, {"tiktok", "youtube_shorts"}),
    ],
)
def test_every_dimension_has_its_values_and_all_the_money(told, dimension, values):
    groups = by(told, dimension)
    assert groups.keys() == values
    assert sum(group.spent_usd for group in groups.values()) == Decimal("2.40")
    assert sum(group.reserved_usd for group in groups.values()) == Decimal("0.40")


def test_platforms_share_the_money_and_count_the_attempt_each(told):
    groups = by(told, Dimension.PLATFORM)
    assert (groups["tiktok"].attempts, groups["youtube_shorts"].attempts) == (4, 5)
    assert groups["youtube_shorts"].spent_usd == Decimal("0.40") + Decimal("1.60")
    assert list(groups) == ["youtube_shorts", "tiktok"]  # the dearest first


def test_a_run_and_an_output_are_told_apart(told):
    assert by(told, Dimension.SKU, run_id="elsewhere").keys() == {"f"}
    assert by(told, Dimension.SKU, output=ELSEWHERE).keys() == {"f"}
    assert by(told, Dimension.SKU, output=None, run_id=None).keys() == set("abcdef")
    assert by(told, Dimension.SKU, output=OUTPUT, run_id="elsewhere") == {}


def test_what_inspection_and_people_said_is_counted(ledger):
    found = [bring_to(ledger, State.SUBMITTED, make_clip(name)) for name in "abcd"]
    for intent, status in zip(found, ("pass", "fail", "fail", None), strict=True):
        seen = {"status": status} if status else None
        ledger.settle(intent.intent_id, replace(settlement(State.SUCCEEDED, intent), inspection=seen))
    for intent, decision in zip(found, (Decision.REJECT, Decision.REMAKE, Decision.APPROVE), strict=False):
        ledger.review([asked(intent, decision)])
    assert ledger.verdicts(output=OUTPUT) == {"pass": 1, "fail": 2}
    assert ledger.decided(output=OUTPUT) == {"reject": 1, "remake": 1, "approve": 1, "undecided": 1}
    (group,) = by(ledger, Dimension.MODEL).values()
    assert (group.unfit, group.rejected) == (2, 2)
    ledger.review([asked(found[0], Decision.UNDO)])
    assert ledger.decided(output=OUTPUT) == {"undecided": 2, "remake": 1, "approve": 1}


def test_shares_of_a_group():
    group = Group(attempts=3, videos=3, delivered=2, spent_usd=Decimal(1))
    assert (group.share_delivered, group.usd_per_video) == (Decimal("0.6667"), Decimal("0.333333"))
    assert (Group().share_delivered, Group().usd_per_video) == (None, None)
    said = group.to_dict()
    assert (said["attempts"], said["yield"], said["usd_per_video"]) == (3, Decimal("0.6667"), Decimal("0.333333"))
    group += Group(attempts=1, videos=2, spent_usd=Decimal("0.5"))
    assert (group.attempts, group.videos, group.spent_usd) == (4, 5, Decimal("1.5"))


NAMES = ("tiktok", "youtube_shorts", "meta_feed", "meta_reels", "x", "pinterest", "shopping")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.decimals("0.000001", "3", places=6), st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_no_money_is_lost_however_it_is_shared(ledger, attempts):
    run = f"run-{len(ledger.outputs())}-{sum(1 for _ in ledger.intents())}"
    ledger.start_run(Run(run_id=run, output=OUTPUT))
    paid = Decimal(0)
    for number, (price, platforms) in enumerate(attempts):
        clip = make_clip(f"{run}-{number}", price=str(price), platforms=platforms)
        paid += bring_to(ledger, State.SUCCEEDED, clip, run_id=run).charged_usd
    groups = by(ledger, Dimension.PLATFORM, run_id=run)
    assert sum(group.spent_usd for group in groups.values()) == paid
    assert sum(group.attempts for group in groups.values()) == sum(len(platforms) for _, platforms in attempts)
