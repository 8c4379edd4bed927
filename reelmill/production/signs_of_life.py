"""Work that keeps its lease while it waits for a processor: on a busy machine that may take longer than it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from reelmill.errors import TryLater
from reelmill.production.threads import Threads

__all__ = ["with_signs_of_life"]

R = TypeVar("R")


async def with_signs_of_life(
    work: Coroutine[Any, Any, R], threads: Threads, renew: Callable[[], object], *, lease_s: float
) -> R:
    """The result of ``work``; ``renew`` is called three times in each ``lease_s`` seconds until it is there.

    A sign that the ledger does not take is no reason to throw the work away: its own end will tell whose the clip is.
    """
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=lease_s / 3))[0]:
            with suppress(TryLater):
                await threads.ledger(renew)
    finally:
        task.cancel()  # of no effect on one that is done
    return task.result()
