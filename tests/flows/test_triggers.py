"""Events start deployments with the right parameters: sent as ``curl`` would, to a real server."""

import asyncio
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_S = 120.0


@pytest.fixture(scope="module")
def deployed(prefect_server):
    prefect_server.deploy(PROJECT)
    return prefect_server


async def send(server, event: str, resource: str, payload: dict) -> str:
    """One event over HTTP, as docs/prefect.md shows it; returns its id."""
    event_id = str(uuid.uuid4())
    body = {
        "id": event_id,
        "occurred": datetime.now(UTC).isoformat(),
        "event": event,
        "resource": {"prefect.resource.id": resource},
        "payload": payload,
    }
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        (await client.post(f"{server.url}/api/events", json=[body])).raise_for_status()
    return event_id


async def started(deployment: str, marker: str):
    """The flow run of ``deployment`` whose parameters hold ``marker``; it is cancelled, for nobody works here."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
    from prefect.states import Cancelled

    chosen = DeploymentFilter(name=DeploymentFilterName(any_=[deployment]))
    deadline = time.monotonic() + DEADLINE_S
    async with get_client() as client:
        while time.monotonic() < deadline:
            for run in await client.read_flow_runs(deployment_filter=chosen):
                if marker in str(run.parameters):
                    await client.set_flow_run_state(run.id, Cancelled(), force=True)
                    return run
            await asyncio.sleep(0.2)
    pytest.fail(f"{deployment} was not started for {marker}")


async def test_a_campaign_starts_a_social_batch_with_lists_and_times_as_they_were_sent(deployed):
    from flows.parameters import Products, SocialVideo, Spending

    marker = uuid.uuid4().hex
    await send(
        deployed,
        "reelmill.campaign.requested",
        "reelmill.campaign.summer",
        {
            "skus": [marker, "007", 'quote " and {{ 7 * 7 }}'],
            "feed": "gs://shop/feed.csv",
            "campaign": "summer <b>",
            "platforms": ["tiktok", "youtube"],
            "deadline": "2099-06-01T09:00:00+02:00",
        },
    )

    run = await started("social", marker)

    products = Products.model_validate(run.parameters["products"])
    assert products.skus == [marker, "007", 'quote " and {{ 7 * 7 }}']
    assert products.feed == "gs://shop/feed.csv"
    video = SocialVideo.model_validate(run.parameters["video"])
    assert (video.campaign, video.platforms) == ("summer <b>", ["tiktok", "youtube"])
    deadline = Spending.model_validate(run.parameters["spending"]).deadline
    assert deadline == datetime(2099, 6, 1, 7, 0, tzinfo=UTC)


async def test_what_a_campaign_leaves_out_is_left_to_the_form(deployed):
    from flows.parameters import SocialVideo, Spending

    marker = uuid.uuid4().hex
    payload = {"skus": [marker], "feed": "feed.csv"}
    await send(deployed, "reelmill.campaign.requested", "reelmill.campaign.spring", payload)

    run = await started("social", marker)

    assert SocialVideo.model_validate(run.parameters["video"]) == SocialVideo()
    assert Spending.model_validate(run.parameters["spending"]) == Spending(ask_above_usd=20)  # an event asks, too


async def test_a_product_starts_a_single_product(deployed):
    marker = uuid.uuid4().hex
    payload = {"sku": marker, "feed": "feed.csv", "campaign": "relaunch"}
    await send(deployed, "reelmill.product.requested", "reelmill.product.relaunch", payload)

    run = await started("single", marker)

    assert run.parameters["product"] == {"feed": "feed.csv", "sku": marker}
    assert run.parameters["video"]["campaign"] == "relaunch"


async def test_the_catalogs_trigger_is_off_as_shipped(deployed):
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        automations = await client.read_automations()

    triggers = [automation for automation in automations if not automation.name.startswith("reelmill-")]
    enabled = {next(iter(automation.trigger.expect)): automation.enabled for automation in triggers}
    assert enabled == {
        "reelmill.feed.landed": False,
        "reelmill.campaign.requested": True,
        "reelmill.product.requested": True,
    }
