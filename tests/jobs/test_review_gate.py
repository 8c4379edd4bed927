"""Decisions gate publishing: what was rejected, doubted or replaced never leaves, whatever the policy."""

import os
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.choices import InspectDepth, ReviewPolicy
from reelmill.jobs.review_gate import review_gate
from reelmill.ledger.records import Decision, ReviewedVia
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.settings import load_settings
from tests.support.review_shop import review_shop, shop_clip

STATUSES = [None, "pass", "skipped", "review", "fail"]


@pytest.fixture
def shop(tmp_path):
    with review_shop(os.environ["REELMILL_LEDGER_URL"], str(tmp_path / "reels")) as opened:
        yield opened


def decide(shop, intent, decision, number=0):
    (done,) = shop.ledger.review(
        [
            AskedReview(
                review_id=f"{intent.intent_id}-{number}",
                intent_id=intent.intent_id,
                decision=decision,
                reviewer="Ada",
                via=ReviewedVia.PAGE,
            )
        ]
    )
    assert done.new


def leaving(shop, policy, inspect=InspectDepth.FULL):
    """The SKUs of what manifests and publishing may list."""
    delivered = list(shop.ledger.videos(output=shop.storage.root, run_id=None))
    let_through = review_gate(shop.ledger, policy, inspect)(delivered)
    return {clip.sku for clip, intent in delivered if intent.intent_id in let_through}


def expected(state, status, decision, policy, inspect):
    """The rule in one sentence each."""
    if not state.delivered:
        return False
    if decision is Decision.APPROVE:
        return True
    undecided = decision in (None, Decision.UNDO)
    looked_at = status not in (None, "skipped")
    fine = status == "pass" if looked_at else inspect is InspectDepth.OFF
    return undecided and fine and policy is ReviewPolicy.OPTIONAL


CLIPS = st.lists(
    st.tuples(
        st.sampled_from([State.SUCCEEDED, State.PARTIAL, State.FILTERED]),
        st.sampled_from(STATUSES),
        st.sampled_from([None, *Decision]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CLIPS)
def test_only_what_the_rule_says_may_leave(tmp_path_factory, clips):
    folder = tmp_path_factory.mktemp("shop")
    with review_shop(f"sqlite:///{folder}/ledger.db", str(folder / "reels")) as shop:
        for number, (state, status, decision) in enumerate(clips):
            inspection = None if status is None else {"status": status, "findings": []}
            intent = shop.deliver(shop_clip(number), state=state, inspection=inspection, shared=True)
            if decision is not None and state.delivered:
                decide(shop, intent, decision)
        for policy, inspect in product(ReviewPolicy, InspectDepth):
            assert leaving(shop, policy, inspect) == {
                shop_clip(number).sku for number, clip in enumerate(clips) if expected(*clip, policy, inspect)
            }


def test_the_policy_asks_for_a_person_unless_somebody_says_otherwise(shop):
    shop.deliver(shop_clip(1), inspection={"status": "pass"})
    assert leaving(shop, load_settings().review) == set()
    assert leaving(shop, load_settings(review="optional").review) == {"SKU-0001"}


def test_what_nobody_has_looked_at_yet_waits_for_a_look_or_a_person(shop):
    """With inspect_later a clip is delivered before anything looks at it."""
    unseen = shop.deliver(shop_clip(1), inspection=None)
    assert leaving(shop, ReviewPolicy.OPTIONAL) == set()
    assert leaving(shop, ReviewPolicy.OPTIONAL, InspectDepth.OFF) == {"SKU-0001"}
    decide(shop, unseen, Decision.APPROVE)
    assert leaving(shop, ReviewPolicy.OPTIONAL) == {"SKU-0001"}


def test_the_last_word_counts(shop):
    intent = shop.deliver(shop_clip(1), inspection={"status": "fail"})
    for number, decision in enumerate([Decision.APPROVE, Decision.REJECT, Decision.APPROVE]):
        decide(shop, intent, decision, number)
        assert leaving(shop, ReviewPolicy.REQUIRED) == ({"SKU-0001"} if decision is Decision.APPROVE else set())
    decide(shop, intent, Decision.UNDO, 9)
    assert leaving(shop, ReviewPolicy.OPTIONAL) == set()


def test_an_attempt_that_a_later_one_replaced_never_leaves_though_it_was_approved(shop):
    first = shop.deliver(shop_clip(1), inspection={"status": "pass"})
    decide(shop, first, Decision.APPROVE)
    second = shop.deliver(shop_clip(1), again=True, inspection={"status": "pass"})
    assert leaving(shop, ReviewPolicy.REQUIRED) == set()
    decide(shop, second, Decision.APPROVE)
    assert leaving(shop, ReviewPolicy.REQUIRED) == {"SKU-0001"}
