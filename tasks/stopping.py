"""A shard ends with its run: the ledger says when, whatever becomes of Prefect."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.logging import get_run_logger

from reelmill.errors import ReelmillError
from reelmill.jobs.engine import Engine
from reelmill.jobs.shards import run_goes_on

__all__ = ["leaving_with_run"]

_EVERY_S = 3.0


@asynccontextmanager
async def leaving_with_run(engine: Engine, run_id: str) -> AsyncIterator[None]:
    """Within it, send nothing more once the run has ended or was stopped, and leave what is in flight."""
    log = get_run_logger()

    async def watch() -> None:
        while await engine.stop.pause(_EVERY_S):
            with contextlib.suppress(ReelmillError):  # a ledger that is away says nothing; it is asked again
                if not await asyncio.to_thread(run_goes_on, engine, run_id):
                    log.warning("Stopping: run %s has ended; what is in flight is left for the next one.", run_id)
                    engine.stop.leave()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
