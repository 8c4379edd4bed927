"""``prefect.yaml``: everything deploys, schedules are as promised, wrong parameters are refused."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def deployed(prefect_server):
    prefect_server.deploy(PROJECT)
    return prefect_server


async def deployments() -> dict:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return {deployment.name: deployment for deployment in await client.read_deployments()}


async def test_all_flows_deploy_with_schedule_pool_limits_and_tags(deployed):
    found = await deployments()

    assert set(found) == {"catalog", "social", "single", "shard"}
    (schedule,) = found["catalog"].schedules
    assert (schedule.schedule.cron, schedule.schedule.timezone, schedule.active) == ("0 2 * * *", "UTC", True)
    assert schedule.parameters == {"spending": {"dry_run": True}}  # nothing is spent on a sample feed overnight
    assert not found["social"].schedules
    assert not found["single"].schedules
    assert not found["shard"].schedules
    for deployment in found.values():
        assert deployment.work_pool_name == "reelmill"
        assert deployment.enforce_parameter_schema
        assert "reelmill" in deployment.tags
        assert deployment.global_concurrency_limit.limit >= 1
        assert deployment.concurrency_options.collision_strategy == "ENQUEUE"
        assert deployment.description
        assert deployment.job_variables["env"]["PREFECT_LOGGING_EXTRA_LOGGERS"] == "reelmill"
    assert found["catalog"].global_concurrency_limit.limit == 1  # never overlaps itself


@pytest.mark.parametrize(
    ("name", "parameters", "named"),
    [
        ("catalog", {"video": {"platforms": ["instagram_reals"]}}, "instagram_reals"),
        ("catalog", {"video": {"model": "veo-9"}}, "veo-9"),
        ("catalog", {"spending": {"dry_rum": True}}, "dry_rum"),
        ("catalog", {"spending": {"cap_usd": -1}}, "-1"),
        ("social", {}, "skus"),
        ("social", {"products": {"feed": "feed.csv", "skus": []}}, "skus"),
        ("single", {"product": {"feed": "feed.csv"}}, "sku"),
    ],
)
async def test_a_wrong_form_is_refused_before_it_runs(deployed, name, parameters, named):
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    deployment = (await deployments())[name]
    async with get_client() as client:
        with pytest.raises(PrefectHTTPStatusError) as refused:
            await client.create_flow_run_from_deployment(deployment.id, parameters=parameters)

    assert named in refused.value.response.text
    assert refused.value.response.status_code in {409, 422}


async def test_a_right_form_is_accepted(deployed):
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelled

    parameters = {
        "products": {"feed": "catalogs/samples/demo.csv", "skus": ["NV-1001"]},
        "video": {"platforms": ["tiktok", "youtube"], "resolution": "1080p", "campaign": "spring"},
        "spending": {"cap_usd": 33.6, "approve_up_to_usd": 40, "dry_run": True},
    }
    deployment = (await deployments())["social"]
    async with get_client() as client:
        run = await client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
        await client.set_flow_run_state(run.id, Cancelled(), force=True)

    assert run.parameters == parameters


@pytest.mark.parametrize("template", ["process", "docker", "cloud-run-v2", "kubernetes"])
async def test_a_server_takes_the_template_of_each_work_pool(prefect_server, template):
    import json

    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    job = json.loads((PROJECT / "deployments" / "work-pools" / f"{template}.json").read_text("utf-8"))
    kind = template.replace("run-v2", "run:v2")
    async with get_client() as client:
        made = await client.create_work_pool(WorkPoolCreate(name=f"ours-{template}", type=kind, base_job_template=job))

    assert made.base_job_template["job_configuration"] == job["job_configuration"]
