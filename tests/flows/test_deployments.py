"""``prefect.yaml``: everything deploys, schedules are as promised, wrong parameters are refused."""

from pathlib import Path

import grimp
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def deployed(prefect_server):
    prefect_server.deploy(PROJECT)
    return prefect_server


async def deployments() -> dict:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return {deployment.name: deployment for deployment in await client.read_deployments()}


async def test_every_flow_deploys_with_schedule_pool_limits_and_tags(deployed):
    found = await deployments()

    assert set(found) == {"catalog", "social", "single", "settle", "inspect", "feed-sensor", "publish", "shard"}
    for name in ("feed-sensor", "inspect"):
        (look,) = found.pop(name).schedules
        assert (look.schedule.interval.total_seconds(), look.active) == (60, False)
    assert {name: [each.schedule.cron for each in one.schedules if each.active] for name, one in found.items()} == {
        "catalog": ["0 2 * * *"],
        "social": ["0 6 * * 1"],
        "settle": ["*/15 * * * *"],
        "single": [],
        "publish": [],  # off as shipped: there is no CMS yet
        "shard": [],
    }
    for name in ("catalog", "social"):  # nothing is spent on a sample feed by itself, and a person is asked
        assert found[name].schedules[0].parameters["spending"] == {"dry_run": True}
        assert found[name].parameters["spending"]["ask_above_usd"] > 0
    for deployment in found.values():
        assert deployment.work_pool_name == "reelmill"
        assert deployment.enforce_parameter_schema
        assert "reelmill" in deployment.tags
        assert deployment.description
        assert deployment.job_variables["env"]["PREFECT_LOGGING_EXTRA_LOGGERS"] == "reelmill"
        limit = deployment.global_concurrency_limit
        if deployment.name in ("settle", "publish"):
            assert (limit.limit, deployment.concurrency_options.collision_strategy) == (1, "CANCEL_NEW")
        elif deployment.name == "shard":
            assert (limit.limit, deployment.concurrency_options.collision_strategy) == (50, "ENQUEUE")
        else:
            assert limit is None, deployment.name


def test_no_deployment_that_may_ask_has_a_concurrency_limit():
    """Prefect kills a run whose slot it took away when the run paused, minutes after its start."""
    imports = grimp.build_graph("flows", "tasks", cache_dir=None)
    flow_files = imports.find_children("flows")
    asking = {module for module in flow_files if "tasks.ask" in imports.find_upstream_modules(module)}
    project = yaml.safe_load((PROJECT / "prefect.yaml").read_text("utf-8"))
    found = {each["name"]: each for each in project["deployments"]}
    flows = {name: each["entrypoint"].partition(".py:")[0].replace("/", ".") for name, each in found.items()}

    may_ask = {name for name, module in flows.items() if module in asking}

    assert {"catalog", "social", "single"} <= may_ask
    assert "settle" not in may_ask, "or the graph says nothing"
    assert [name for name in may_ask if "concurrency_limit" in found[name]] == []


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


async def test_what_a_schedule_gives_is_a_right_form(deployed):
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelled

    async with get_client() as client:
        for deployment in (await deployments()).values():
            for schedule in deployment.schedules:
                parameters = {**deployment.parameters, **schedule.parameters}
                run = await client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
                await client.set_flow_run_state(run.id, Cancelled(), force=True)


async def test_automations_are_sent_once_and_brought_up_to_date(deployed):
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.client.orchestration import get_client

    from deployments.automate import automate

    block = CustomWebhookNotificationBlock(name="pager", url="https://pager.invalid/reelmill")
    await block.save("pager", overwrite=True)

    first = await automate("custom-webhook/pager")
    again = await automate("custom-webhook/pager")

    assert set(first) == set(again) == {f"reelmill-{name}" for name in AUTOMATIONS}
    assert set(again.values()) == {"brought up to date"}
    async with get_client() as client:
        found = [each for each in await client.read_automations() if each.name.startswith("reelmill-")]
    assert len(found) == len(AUTOMATIONS)
    told = {each.name for each in found if any(action.type == "send-notification" for action in each.actions)}
    assert told == {f"reelmill-{name}" for name in AUTOMATIONS - {"crashed"}}


AUTOMATIONS = {"asks", "attention", "budget", "completed", "crashed", "failed", "stalled"}


async def test_an_unknown_notification_block_is_told(deployed):
    from deployments.automate import automate

    with pytest.raises(SystemExit, match="no block slack-webhook/nobody"):
        await automate("slack-webhook/nobody")


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
