"""The fan-out as a flow sees it: task runs per clip or per group, with progress."""

from __future__ import annotations

from collections.abc import Iterable

from prefect.logging import get_run_logger

from reelmill.jobs.chains import make_links
from reelmill.jobs.engine import Engine
from reelmill.jobs.making import make_clips, make_in_groups
from reelmill.planning.spool import Spool
from reelmill.production.producer import Producer
from reelmill.production.results import ClipResult, Tally
from reelmill.production.work import Work
from tasks.clip_rows import Kept
from tasks.grouping import GROUP_SIZE, in_groups
from tasks.interrupt import leaving_on_sigterm
from tasks.produce import clip_runs
from tasks.produce_group import group_runs
from tasks.progress import Progress

__all__ = ["make", "make_what_continues"]


async def make(engine: Engine, run_id: str, works: Iterable[Work], total: int) -> tuple[Tally, Kept]:
    """Make ``total`` clips, a bounded number in flight, until done, stopped or capped."""
    producer, kept = Producer(engine.studio(), run_id), Kept()
    async with leaving_on_sigterm(engine.stop), Progress(run_id, total, engine.stop).shown() as progress:

        def note(result: ClipResult) -> None:
            progress.count(result)
            kept.add(result)

        if in_groups(engine.settings.quota_per_minute, total):
            get_run_logger().info("%d clips in task runs of %d, shown in tables.", total, GROUP_SIZE)
            tally = await make_in_groups(engine, works, group_runs(engine, producer, note), size=GROUP_SIZE)
        else:
            tally = await make_clips(engine, works, clip_runs(producer), on_result=note)
    return tally, kept


async def make_what_continues(engine: Engine, run_id: str, spool: Spool, tally: Tally, kept: Kept) -> None:
    """Make the scenes that continue others, on this machine; counted in ``tally`` and shown with the rows ``kept``."""

    async def make_some(works: Iterable[Work], total: int) -> Tally:
        made, rows = await make(engine, run_id, works, total)
        kept.merge(rows)
        return made

    await make_links(engine, spool, make_some, tally)
