"""The fan-out over many machines as a flow sees it: the same in and out as :func:`tasks.make.make`."""

from __future__ import annotations

import asyncio

from reelmill.jobs.engine import Engine
from reelmill.jobs.run_tally import tally_of_run
from reelmill.jobs.shards import works_of_the_run_itself
from reelmill.planning.spool import Spool
from reelmill.production.producer import Producer
from reelmill.production.results import Tally
from reelmill.production.work import Work
from tasks.children import Child
from tasks.clip_rows import Kept
from tasks.fleet import Fleet
from tasks.interrupt import leaving_on_sigterm
from tasks.produce import clip_runs
from tasks.progress import Progress
from tasks.shards import cut
from tasks.step import whole

__all__ = ["make_in_shards"]


async def make_in_shards(
    engine: Engine, run_id: str, resumed: list[Work], spool: Spool, total: int
) -> tuple[Tally, Kept]:
    """Make ``total`` clips on as many workers as take shards, until done, stopped or capped."""
    shards = await cut(whole(engine), run_id, whole(spool))
    produce = clip_runs(Producer(engine.studio(), run_id))
    async with leaving_on_sigterm(engine.stop), Progress(run_id, total, engine.stop).shown() as progress:
        fleet = Fleet(engine, run_id, produce, progress, [Child(shard) for shard in shards])
        await fleet.make(works_of_the_run_itself(resumed, spool))
        kept = Kept()
        tally = await asyncio.to_thread(tally_of_run, engine, run_id, spool, kept.add)
        tally.merge(fleet.others)
        progress.show(tally)
    return tally, kept
