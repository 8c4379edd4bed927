"""Step: bring every open, lost or expired clip to its end by looking; never pays."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.logging import get_run_logger

from reelmill.cli.filming import stitching_sentences
from reelmill.cli.printing import money
from reelmill.jobs.engine import Engine
from reelmill.jobs.settling import Settled
from reelmill.jobs.settling import settle as settle_all
from reelmill.production.work import Work
from tasks.interrupt import leaving_on_sigterm
from tasks.step import step

__all__ = ["settle"]


@step("settle")
async def settle(engine: Engine, adopted: Sequence[Work] | None = None) -> Settled:
    """Settle the whole output, and write the tables of the runs that it touched.

    ``adopted`` is what the flow has taken over already; without it, what others have left is taken over now.
    """
    async with leaving_on_sigterm(engine.stop):
        settled = await settle_all(engine, adopted=adopted)
    get_run_logger().info(
        "Looked at %d clips; %s charged for what came back; %d are with other running workers.",
        settled.looked_at,
        money(settled.tally.spent_usd),
        settled.held_by_others,
    )
    for sentence in stitching_sentences(settled.films):
        get_run_logger().info("film %s", sentence)
    if settled.trouble is not None:
        raise settled.trouble
    return settled
