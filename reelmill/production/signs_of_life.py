"""Work that keeps its lease while it waits for a processor: on a busy machine that may take longer than it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from reelmill.production.threads import Threads

__all__ = ["with_signs_of_life"]

R = TypeVar("R")


async def with_signs_of_life(
    work: Coroutine[Any, Any, R], threads: Threads, renew: Callable[[], object], *, lease_s: float
) -> R:
    """The result of ``work``; ``renew`` is called three times in each ``lease_s`` seconds until it is there."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=lease_s / 3))[0]:
            await threads.ledger(renew)
    finally:
        task.cancel()  # of no effect on one that is done
    return task.result()
