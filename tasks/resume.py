"""Step: take over what earlier runs left on its way."""

from __future__ import annotations

import asyncio

from prefect.logging import get_run_logger

from reelmill.jobs.engine import Engine
from reelmill.jobs.resuming import adopt_abandoned
from reelmill.production.work import Work
from tasks.step import step

__all__ = ["resume"]


@step("resume")
async def resume(engine: Engine) -> list[Work]:
    """The open clips of workers that are gone; they are only followed, never paid again."""
    works = await asyncio.to_thread(adopt_abandoned, engine)
    if works:
        get_run_logger().info("Taking over %d clips that an earlier run had sent.", len(works))
    return works
