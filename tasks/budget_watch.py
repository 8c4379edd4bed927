"""While clips are made, tell when a cap is half used, four fifths used, and reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from prefect.logging import get_run_logger

from reelmill.cli.printing import money
from reelmill.errors import ReelmillError
from reelmill.jobs.engine import Engine
from reelmill.jobs.thresholds import Thresholds
from tasks.events import budget_passed
from tasks.repeating import repeating

__all__ = ["watching_budgets"]

_EVERY_S = 5.0


@asynccontextmanager
async def watching_budgets(engine: Engine, run_id: str) -> AsyncIterator[None]:
    """Look every five seconds, and once at the end. A ledger that is away for a moment is asked again."""
    thresholds = await asyncio.to_thread(Thresholds, engine, run_id)
    try:
        async with repeating(partial(_tell, thresholds), every_s=_EVERY_S):
            yield
    finally:
        await _tell(thresholds)


async def _tell(thresholds: Thresholds) -> None:
    try:
        passed = await asyncio.to_thread(lambda: list(thresholds.passed()))
    except ReelmillError:
        return
    for each in passed:
        get_run_logger().warning(
            "%d %% of the %s cap of %s is spent or reserved.", each.percent, each.scope.value, money(each.cap_usd)
        )
        budget_passed(each)
