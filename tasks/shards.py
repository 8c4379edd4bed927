"""Steps: cut a plan into shards, and open one on the machine that makes it."""

from __future__ import annotations

import asyncio

from prefect.logging import get_run_logger

from reelmill.jobs.engine import Engine
from reelmill.jobs.shards import check_shards, cut_plan, open_shard
from reelmill.planning.actions import Action
from reelmill.planning.shards import Shard
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from tasks.children import require_deployment
from tasks.step import step

__all__ = ["cut", "open_one", "require_shards", "wants_shards"]


async def require_shards(engine: Engine) -> None:
    """Before anything is planned: raises FixConfiguration if shards are asked for and cannot be made."""
    if engine.settings.shard_clips:
        check_shards(engine)
        await require_deployment()


def wants_shards(engine: Engine, summary: PlanSummary) -> bool:
    """Whether the plan has more clips than one shard."""
    return 0 < engine.settings.shard_clips < summary.counts[Action.MAKE]


@step("cut the plan")
async def cut(engine: Engine, run_id: str, spool: Spool) -> list[Shard]:
    """The shards of the plan, written to the output."""
    shards = await asyncio.to_thread(cut_plan, engine, run_id, spool)
    clips = sum(shard.clips for shard in shards)
    get_run_logger().info("%d clips in %d shards below %s", clips, len(shards), engine.storage.uri(f"plans/{run_id}"))
    return shards


@step("open the shard")
async def open_one(engine: Engine, shard: Shard) -> list[Work]:
    """What is still to be made of it."""
    works = await asyncio.to_thread(open_shard, engine, shard)
    get_run_logger().info(
        "Shard %d of %s: %d of %d clips to make.", shard.number, shard.run_id, len(works), shard.clips
    )
    return works
