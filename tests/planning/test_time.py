"""How long a plan takes: until the last clip has its turn and its place, and then one more generation."""

from __future__ import annotations

import pytest

from reelmill.planning.summary import PlanSummary
from reelmill.settings import load_settings
from tests.ledger.making import make_clip
from tests.support.making import product


@pytest.mark.parametrize(
    ("clips", "settings", "seconds", "pace"),
    [
        (1, {"quota_per_minute": 60}, 120, "at 60 a minute"),
        (121, {"quota_per_minute": 60}, 240, "at 60 a minute"),
        (121, {"quota_per_minute": 60, "in_flight": 10}, 13 * 120, "with 10 in flight"),
        (10, {"quota_per_minute": 60, "in_flight": 10}, 129, "at 60 a minute"),
        (11, {"quota_per_minute": 60, "in_flight": 10}, 240, "with 10 in flight"),
        (121, {"quota_per_minute": 1, "in_flight": 100}, 121 * 60 + 60, "at 1 a minute"),
        (40, {"quota_per_minute": 6000, "in_flight": 10, "shard_clips": 20}, 240, "with 10 in flight"),
        (0, {"quota_per_minute": 60, "in_flight": 10, "shard_clips": 20}, 0, "at 60 a minute"),
    ],
)
def test_the_slower_of_quota_and_places_counts(clips, settings, seconds, pace):
    summary = PlanSummary("veo-3.1-fast-generate-001", **settings)
    for number in range(clips):
        summary.add_make(make_clip(f"shoe-{number}"))

    assert (summary.eta_seconds, summary.pace) == (seconds, pace)


def test_a_plan_takes_the_time_that_its_settings_allow(plan):
    rows = [product(number) for number in range(6)]
    assert plan(rows, settings=load_settings(in_flight=2)).eta_seconds == 6 * 120  # twelve clips, two at a time
    assert plan(rows, settings=load_settings(in_flight=2, shard_clips=6)).eta_seconds == 3 * 120
