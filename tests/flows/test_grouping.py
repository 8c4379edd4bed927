"""When clips share task runs, and how their states look."""

import asyncio
from decimal import Decimal

import pytest

from reelmill.ledger.states import State
from reelmill.production.results import ClipResult


@pytest.mark.parametrize(
    ("quota", "clips", "grouped"),
    [(50, 10, False), (600, 10_000, False), (601, 1, True), (50, 10_001, True)],
)
def test_grouping_is_decided_by_quota_and_size(quota, clips, grouped):
    from tasks.grouping import in_groups

    assert in_groups(quota, clips) is grouped


async def test_task_runs_start_no_faster_than_prefect_records_them():
    from tasks.grouping import Pace

    pace, loop = Pace(), asyncio.get_running_loop()
    before = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(21)))

    assert loop.time() - before >= 0.99


@pytest.mark.parametrize(
    ("state", "inspection", "name", "kind"),
    [
        (State.SUCCEEDED, "pass", "Completed", "COMPLETED"),
        (State.SUCCEEDED, "fail", "Unfit", "COMPLETED"),
        (State.PARTIAL, "pass", "Partial", "COMPLETED"),
        (State.FILTERED, "", "Filtered", "FAILED"),
        (State.FAILED, "", "Failed", "FAILED"),
        (State.LOST, "", "Lost", "FAILED"),
        (State.EXPIRED, "", "Expired", "FAILED"),
        (State.RELEASED, "", "NotStarted", "CANCELLED"),
        (State.AUTHORISED, "", "InFlight", "CANCELLED"),
        (State.SUBMITTED, "", "InFlight", "CANCELLED"),
        (State.UNKNOWN, "", "InFlight", "CANCELLED"),
    ],
)
def test_each_outcome_has_its_state(state, inspection, name, kind):
    from tasks.outcomes import clip_state

    result = ClipResult("c", "r", "SKU", "9:16", state, Decimal("0.80"), "why", ("gs://b/v.mp4",), inspection)
    shown = clip_state(result)

    assert (shown.name, shown.type.value) == (name, kind)


def test_feed_text_stays_text_in_an_artifact():
    from tasks.wording import bullets, plain

    assert plain("a | b\n# <script>") == r"a \| b \# \<script\>"
    assert bullets("Rejected", ["one"], 3) == ["### Rejected (3)", "- one\n- … and 2 more"]
    assert bullets("Rejected", [], 0) == []
