"""Which shards a person has cancelled, as Prefect's history of their flow runs tells."""

import uuid

import httpx
import pytest
from prefect.logging import disable_run_logger

from reelmill.planning.shards import Shard
from tasks.children import Child, was_cancelled

SHARD = Shard(run_id="run-1", number=1, name="plans/run-1/1.jsonl", digest="0" * 64, clips=1)


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("states", "by_a_person"),
    [
        (["Cancelling"], True),  # still scheduled: Prefect makes Cancelled of it at once
        (["Cancelled"], True),
        (["Pending", "Cancelled"], True),
        (["Pending", "Running", "Cancelling", "Cancelled"], True),
        (["Pending", "Running", "Cancelled"], False),  # its machine was taken away, and it left in order
        (["Pending", "Running", "Crashed"], False),
        (["Pending", "Crashed"], False),
        (["Pending", "Running", "AwaitingRetry", "Pending", "Cancelled"], False),
    ],
)
async def test_a_shard_that_was_cancelled_is_told_from_one_that_lost_its_machine(states, by_a_person):
    import prefect.states
    from prefect.client.orchestration import get_client

    from flows.make_shard import make_shard

    async with get_client() as client:
        deployment = await client.create_deployment(await client.create_flow(make_shard), "shard-of-a-test")
        run = await client.create_flow_run_from_deployment(deployment)
        try:
            for name in states:
                told = await client.set_flow_run_state(run.id, getattr(prefect.states, name)())
                assert told.state.name == (name if states != ["Cancelling"] else "Cancelled")
            assert await was_cancelled(Child(SHARD, 1, run.id)) is by_a_person
        finally:
            await client.delete_deployment(deployment)  # others look at all that there are


async def test_an_api_that_does_not_answer_says_neither_that_it_was_cancelled_nor_that_it_was_not(monkeypatch):
    async def silent(flow_run_id):
        raise httpx.ConnectError("nobody there")

    monkeypatch.setattr("tasks.children._states", silent)
    with disable_run_logger():
        assert await was_cancelled(Child(SHARD, 1, uuid.uuid4())) is None
