"""Step: bring every open, lost or expired clip to its end by looking; never pays."""

from __future__ import annotations

from prefect.logging import get_run_logger

from reelmill.cli.printing import money
from reelmill.jobs.engine import Engine
from reelmill.jobs.settling import Settled
from reelmill.jobs.settling import settle as settle_all
from tasks.step import step

__all__ = ["settle"]


@step("settle")
async def settle(engine: Engine, *, wait: bool = True) -> Settled:
    """Settle the whole output, and write the tables of the runs that it touched."""
    settled = await settle_all(engine, wait=wait)
    get_run_logger().info(
        "Looked at %d clips; %s charged for what came back; %d are with other running workers.",
        settled.looked_at,
        money(settled.tally.spent_usd),
        settled.held_by_others,
    )
    return settled
