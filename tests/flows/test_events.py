"""What automations hear: clips, runs and budgets, from the server's own event feed."""

import asyncio
from decimal import Decimal

import pytest

from tests.support.feeds import product_row, write_feed
from tests.support.flow_runs import catalog_run_of

_PATIENCE_S = 240  # a server keeps events only once its database lets it

pytestmark = pytest.mark.usefixtures("prefect_server", "rehearsal")


async def heard(state, counts) -> dict[str, list]:
    """Our events of a flow run by name, once there are as many as ``counts`` has; they come in any order."""
    from prefect.client.orchestration import get_client

    ours = {"event": {"prefix": ["reelmill."]}, "related": {"id": [f"prefect.flow-run.{flow_run_id(state)}"]}}
    async with get_client() as client, asyncio.timeout(_PATIENCE_S):
        while True:
            answer = await client._client.post("/events/filter", json={"filter": ours, "limit": 50})
            found: dict[str, list] = {}
            for event in answer.json()["events"]:
                found.setdefault(event["event"], []).append(event)
            if all(len(found.get(name, ())) >= count for name, count in counts.items()):
                return found
            await asyncio.sleep(0.2)


def flow_run_id(state):
    return state.state_details.flow_run_id


async def test_every_clip_and_the_run_tell_how_they_ended(tmp_path, output):
    rows = [product_row("GOOD"), product_row("BAD", "Bowl [[fault:output_filter]]")]

    state = await catalog_run_of(write_feed(tmp_path / "feed.csv", rows), output)

    counts = {
        "reelmill.run.started": 1,
        "reelmill.run.progressed": 1,
        "reelmill.clip.sent": 4,
        "reelmill.clip.succeeded": 2,
        "reelmill.clip.filtered": 2,
        "reelmill.run.completed": 1,
    }
    events = await heard(state, counts)
    assert {name: len(found) for name, found in events.items()} == counts
    (good, _) = events["reelmill.clip.succeeded"]
    assert good["payload"]["sku"] == "GOOD"
    assert Decimal(good["payload"]["cost_usd"]) == Decimal("0.80")
    assert good["payload"]["video_uris"][0].startswith("gs://")
    assert good["resource"]["prefect.resource.id"].startswith("reelmill.clip.")
    run = events["reelmill.run.completed"][0]["payload"]
    assert (Decimal(run["spent_usd"]), run["attention"]) == (Decimal("1.60"), 2)


async def test_a_cap_tells_when_it_is_half_used_four_fifths_used_and_reached(feed, output):
    state = await catalog_run_of(feed, output, cap_usd=Decimal("1.70"))

    told = ["reelmill.budget.50", "reelmill.budget.80", "reelmill.budget.100"]
    events = await heard(state, dict.fromkeys([*told, "reelmill.run.capped"], 1))
    budgets = {name: found for name, found in events.items() if name.startswith("reelmill.budget.")}
    assert budgets.keys() == set(told)
    for found in budgets.values():
        (event,) = found
        assert event["payload"]["scope"] == "run"
        assert Decimal(event["payload"]["cap_usd"]) == Decimal("1.70")
