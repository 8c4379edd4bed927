"""Flow runs for tests: started in this process, read back from the Prefect server, compared with the bank."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from decimal import Decimal

import pyarrow.parquet as pq

from reelmill.jobs.accounting import RunReport
from reelmill.ledger.records import RunStatus

__all__ = ["CLIP_USD", "MADE", "PLATFORMS", "Seen", "accepted", "billed", "catalog_run_of", "logged", "seen", "table"]

PLATFORMS = ["instagram_reels", "tiktok", "youtube"]  # two ratios, so two clips a product
CLIP_USD = Decimal("0.80")  # 8 s of veo-3.1-fast-generate-001 at 720p with sound
MADE = RunReport(
    run_id="run-1",
    output="gs://shop/reels",
    status=RunStatus.COMPLETED,
    counts={"succeeded": 1},
    made=1,
    kept=0,
    blocked=0,
    rejects=0,
    attention=0,
    by_others=0,
    softened=0,
    filtered={},
    planned_usd=CLIP_USD,
    spent_usd=CLIP_USD,
    reserved_usd=Decimal(0),
    tables=[],
)
"""The report of a run that made the one clip that was planned."""


@dataclass(frozen=True)
class Seen:
    """What the Prefect server holds of a flow run."""

    run: object
    tasks: dict
    artifacts: dict


async def seen(state, *, tasks: int) -> Seen:
    """Read the flow run back once the server has recorded ``tasks`` task runs as ended."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter, FlowRunFilterId

    run_id = state.state_details.flow_run_id
    async with get_client() as client, asyncio.timeout(60):
        only = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
        while True:
            found = await client.read_task_runs(flow_run_filter=only)
            if len([task for task in found if task.state and task.state.is_final()]) >= tasks:
                break
            await asyncio.sleep(0.1)
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        artifacts = await client.read_artifacts(artifact_filter=mine)
        return Seen(
            run=await client.read_flow_run(run_id),
            tasks={task.name: task.state for task in found},
            artifacts={artifact.key: artifact for artifact in artifacts},
        )


async def logged(state, word, *, lines) -> list[str]:
    """The lines with ``word`` in the run's log as the UI shows it, once there are at least ``lines``."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
    from prefect.logging.handlers import APILogHandler

    mine = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[state.state_details.flow_run_id]))
    async with get_client() as client, asyncio.timeout(60):
        while True:
            await APILogHandler.aflush()
            found = [log.message for log in await client.read_logs(mine)]
            hits = [line for line in found if word in line]
            if len(hits) >= lines:
                return hits
            await asyncio.sleep(0.1)


def accepted(veo, output) -> list[dict]:
    """The submits that the simulator took for this output: the independent truth."""
    return [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(output)]


def billed(veo, output) -> Decimal:
    return sum((Decimal(entry["amount_usd"]) for entry in accepted(veo, output)), Decimal(0))


def table(gcs, output, name):
    bucket, _, prefix = output.removeprefix("gs://").partition("/")
    rows = []
    for blob in gcs.client().list_blobs(bucket, prefix=f"{prefix}/tables/{name}/"):
        rows += pq.read_table(io.BytesIO(blob.download_as_bytes())).to_pylist()
    return rows


def catalog_run_of(feed, output, **spending):
    from flows.catalog_run import catalog_run
    from flows.parameters import Catalog, Spending, Video

    chosen = Video(platforms=PLATFORMS)
    return catalog_run(Catalog(feed=str(feed)), chosen, Spending(**spending), output, return_state=True)
