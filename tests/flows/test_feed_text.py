"""What a feed says stays text in the tables of a run: Prefect shows their cells and descriptions as Markdown."""

import json
from decimal import Decimal

import pytest

from reelmill.ledger.states import State
from reelmill.production.results import ClipResult
from tasks.clip_rows import clip_row
from tests.support.feeds import product_row, write_feed
from tests.support.flow_runs import catalog_run_of

SKU = "[pay](http://evil.example)<img src=x>|1"
PLAIN = r"\[pay\](http://evil.example)\<img src=x\>\|1"


def test_a_row_says_sku_and_detail_as_text():
    filtered = ClipResult("c", "r", SKU, "9:16", State.FILTERED, Decimal(0), f"No: {SKU}", (), "")

    row = clip_row(filtered)

    assert (row["SKU"], row["Detail"]) == (PLAIN, f"No: {PLAIN}")


@pytest.mark.usefixtures("prefect_server", "rehearsal", "veo")
async def test_a_group_of_clips_says_its_skus_as_text(monkeypatch, tmp_path, output):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    monkeypatch.setenv("REELMILL_QUOTA_PER_MINUTE", "6000")
    row = [SKU, *product_row("BOWL-1")[1:]]
    state = await catalog_run_of(write_feed(tmp_path / "feed.csv", [row]), output)
    assert state.name == "Completed", state.message
    mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[state.state_details.flow_run_id]))
    async with get_client() as client:
        tables = [one for one in await client.read_artifacts(artifact_filter=mine) if one.key == "reelmill-clips"]

    (group,) = [one.description for one in tables if one.description.startswith("Group")]
    assert group == f"Group 1: 2 clips, {PLAIN} to {PLAIN}"
    assert {row["SKU"] for one in tables for row in json.loads(one.data)} == {PLAIN}, state.message
