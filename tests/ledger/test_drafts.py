"""Drafts in the ledger: listed by output and run, counted with their money, never mixed with what is final."""

from decimal import Decimal

import pytest

from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, bring_to, make_clip

ELSEWHERE = "gs://shop/others"


@pytest.fixture
def drafted(ledger, clock):
    """Two runs with delivered drafts, one filtered and one in flight; a final clip; a draft of another output."""
    bring_to(ledger, State.SUCCEEDED, make_clip("final"))
    bring_to(ledger, State.SUCCEEDED, make_clip("early", price="0.10"), draft=True)
    bring_to(ledger, State.FILTERED, make_clip("filtered", price="0.10"), draft=True)
    clock.advance(60)
    for run_id, output, name, state in (
        ("run-2", OUTPUT, "later", State.PARTIAL),
        ("run-2", OUTPUT, "open", State.SUBMITTED),
        ("run-3", ELSEWHERE, "foreign", State.SUCCEEDED),
    ):
        ledger.start_run(Run(run_id=run_id, output=output))
        clip = make_clip(name, price="0.05", samples=2)
        bring_to(ledger, state, clip, draft=True, run_id=run_id, output=output)
        clock.advance(60)
    return ledger


def test_delivered_drafts_are_listed_oldest_first(drafted):
    def skus(**which):
        return [clip.sku for clip, _ in drafted.drafts(**which)]

    assert skus(output=OUTPUT) == ["early", "later"]
    assert skus(output=OUTPUT, run_id="run-2") == ["later"]
    assert skus(output=ELSEWHERE) == ["foreign"]
    assert all(intent.draft for _, intent in drafted.drafts(output=OUTPUT))


def test_all_attempts_at_drafts_are_counted_with_their_money(drafted):
    total = drafted.draft_total(output=OUTPUT)

    assert (total.clips, total.present) == (4, 4)
    assert total.charged_usd == Decimal("0.80") + Decimal("0.40")  # one whole, and one video of two
    assert total.reserved_usd == Decimal("0.80")

    nothing = drafted.draft_total(output="gs://nobody")
    assert (nothing.clips, nothing.present, nothing.charged_usd, nothing.reserved_usd) == (0, 0, 0, 0)


def test_a_draft_made_again_counts_as_two_attempts_at_one_clip(ledger):
    for again in (False, True):
        bring_to(ledger, State.FAILED, make_clip("shoe", price="0.10"), draft=True, again=again)

    total = ledger.draft_total(output=OUTPUT)
    assert (total.clips, total.present) == (2, 1)


def test_the_latest_draft_run_is_that_of_the_newest_draft(drafted):
    assert drafted.latest_draft_run(output=OUTPUT) == "run-2"
    assert drafted.latest_draft_run(output=ELSEWHERE) == "run-3"
    assert drafted.latest_draft_run(output="gs://nobody") is None


def test_a_final_clip_makes_no_draft_run(ledger):
    bring_to(ledger, State.SUCCEEDED, make_clip("shoe"), run_id=RUN)
    assert ledger.latest_draft_run(output=OUTPUT) is None
