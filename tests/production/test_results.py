"""What became of clips, one by one and together."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from reelmill.ledger.states import State
from reelmill.production.results import ClipResult, Tally
from reelmill.storage.local import LocalStorage
from tests.support.production import RUN, clip
from tests.support.records import paid_intent

PLAIN = ClipResult("c", "r", "S", "9:16", State.SUCCEEDED, Decimal("0.20"), "", ("v.mp4",), "pass")
FILTERED = replace(PLAIN, state=State.FILTERED, charged_usd=Decimal(0), detail="A weapon.", inspection="")


@pytest.fixture
def intent(tmp_path):
    return paid_intent(
        clip(),
        LocalStorage(tmp_path),
        state=State.PARTIAL,
        charged_usd=Decimal("0.20"),
        reserved_usd=Decimal("0.05"),
        error_message="1 of 2 videos came back.",
        video_uris=("v.mp4",),
        poster_uri="p.jpg",
        inspection={"status": "review"},
        softening=2,
    )


def test_a_result_says_what_the_ledger_holds(intent):
    assert ClipResult.of(clip(), intent) == ClipResult(
        clip_id=clip().clip_id,
        run_id=RUN,
        sku="SKU-1",
        aspect_ratio="9:16",
        state=State.PARTIAL,
        charged_usd=Decimal("0.20"),
        detail="1 of 2 videos came back.",
        video_uris=("v.mp4",),
        inspection="review",
        by_another_run=False,
        reserved_usd=Decimal("0.05"),
        output_prefix=intent.output_prefix,
        softening=2,
        poster_uri="p.jpg",
    )
    assert ClipResult.of(clip(), replace(intent, inspection=None)).inspection == ""
    assert ClipResult.of(clip(), replace(intent, inspection={})).inspection == ""


def test_a_clip_of_another_run_costs_this_one_nothing(intent):
    theirs = ClipResult.elsewhere(clip(), intent, "It is under way.")
    mine = ClipResult.of(clip(), intent)
    assert theirs == replace(mine, charged_usd=Decimal(0), detail="It is under way.", by_another_run=True)


def test_what_is_not_said_of_a_result_is_that_it_is_an_own_first_attempt_without_more():
    said = {"by_another_run": False, "reserved_usd": Decimal(0), "output_prefix": "", "softening": 0, "remake": 0}
    assert replace(PLAIN, **said, poster_uri=None) == PLAIN


@pytest.mark.parametrize(
    ("state", "inspection", "looked_at"),
    [
        (State.SUCCEEDED, "pass", False),
        (State.SUCCEEDED, "review", False),
        (State.SUCCEEDED, "fail", True),
        (State.RELEASED, "", False),
        (State.RELEASED, "fail", True),
        (State.PARTIAL, "pass", True),
        (State.LOST, "", True),
    ],
)
def test_a_person_looks_at_what_is_not_delivered_whole_or_unfit(state, inspection, looked_at):
    assert replace(PLAIN, state=state, inspection=inspection).needs_attention is looked_at


def tally_of(*results):
    tally = Tally()
    for result in results:
        tally.add(result)
    return tally


def test_a_tally_counts_money_attention_and_whose_clips_they_are():
    tally = tally_of(
        PLAIN,
        replace(PLAIN, run_id="r2", softening=1),
        replace(PLAIN, run_id="r3", state=State.PARTIAL, softening=2),
        FILTERED,
        replace(FILTERED, softening=1),
        replace(FILTERED, run_id="r4", by_another_run=True),
        replace(PLAIN, run_id="r4", by_another_run=True, charged_usd=Decimal(0), softening=1, remake=1),
        replace(PLAIN, charged_usd=Decimal(0), remake=1),
        replace(PLAIN, charged_usd=Decimal(0), remake=2),
        replace(PLAIN, charged_usd=Decimal(0), state=State.FAILED, remake=1),
    )
    assert tally == Tally(
        counts=Counter({State.SUCCEEDED: 4, State.PARTIAL: 1, State.FILTERED: 2, State.FAILED: 1}),
        spent_usd=Decimal("0.60"),
        attention=5,
        by_others=2,
        runs={"r", "r2", "r3"},
        softened=2,
        remade=2,
        filtered=Counter({"A weapon.": 2}),
    )


def test_two_tallies_together_count_what_each_counted():
    parts = [
        [PLAIN, FILTERED, replace(PLAIN, softening=1), replace(PLAIN, by_another_run=True)],
        [replace(FILTERED, run_id="r2"), replace(FILTERED, detail="A face."), replace(PLAIN, softening=3)],
        [replace(PLAIN, state=State.LOST, charged_usd=Decimal(0)), replace(FILTERED, by_another_run=True)],
    ]
    together = Tally()
    for part in parts:
        together.merge(tally_of(*part))
    assert together == tally_of(*(result for part in parts for result in part))
    together.merge(Tally(not_begun=2))
    together.merge(Tally(not_begun=3))
    assert together.not_begun == 5


def test_reasons_are_bounded_and_none_is_dropped():
    many = [replace(FILTERED, detail=f"Reason {number}.") for number in range(25)]
    for tally in (tally_of(*many, many[0]), merged(tally_of(*many[:15]), tally_of(*many[15:], many[0]))):
        assert len(tally.filtered) == 21
        assert tally.filtered["Reason 0."] == 2
        assert tally.filtered.total() == 26
        [(other, clips)] = [entry for entry in tally.filtered.items() if not entry[0].startswith("Reason")]
        assert clips == 5
        assert "reelmill status" in other


def merged(one, other):
    one.merge(other)
    return one
