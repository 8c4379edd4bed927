"""When a flow run may put its question, and whose question it may join: Prefect's own rules, on a real server."""

import pytest

from reelmill.errors import GetApproval
from tasks.ask import _pause

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
async def client():
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        yield client


@pytest.fixture
async def run_id(client):
    """A flow run that is Running."""
    from prefect.states import Running

    from flows.catalog_run import catalog_run

    run = await client.create_flow_run(catalog_run, state=Running())
    return run.id


async def test_a_second_process_joins_the_question_that_it_would_ask(client, run_id):
    first = await _pause(client, run_id, "4 clips", 60)
    second = await _pause(client, run_id, "4 clips", 60)

    assert first.state_details.pause_key == second.state_details.pause_key


async def test_it_joins_none_about_another_plan(client, run_id):
    await _pause(client, run_id, "4 clips", 60)

    with pytest.raises(GetApproval, match="another plan; nothing was spent"):
        await _pause(client, run_id, "400 clips", 60)


async def test_each_question_of_a_run_has_an_answer_of_its_own(client, run_id):
    first = await _pause(client, run_id, "4 clips", 60)
    await client.resume_flow_run(run_id, {"decision": "approve"})
    second = await _pause(client, run_id, "4 clips", 60)

    assert first.state_details.run_input_keyset["response"] != second.state_details.run_input_keyset["response"]


async def test_a_pause_of_somebody_else_is_no_question_of_ours(client, run_id):
    from prefect.states import Paused

    await client.set_flow_run_state(run_id, Paused(timeout_seconds=60, pause_key="of-somebody"))

    with pytest.raises(GetApproval, match=r"does not let the run ask .*not currently running.*nothing was spent"):
        await _pause(client, run_id, "4 clips", 60)


async def test_a_run_that_is_being_cancelled_asks_nothing(client, run_id):
    from prefect.states import Cancelling

    await client.set_flow_run_state(run_id, Cancelling())

    assert await _pause(client, run_id, "4 clips", 60) is None
