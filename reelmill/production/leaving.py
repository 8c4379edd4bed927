"""A run that is told to leave waits a moment for what its threads have in hand, not until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from reelmill.production.stop import StopSignal

__all__ = ["unless_left"]

R = TypeVar("R")

_GRACE_S = 10.0  # a third of what Prefect grants between SIGTERM and SIGKILL, so that the books can still be closed


async def unless_left(stop: StopSignal, work: Coroutine[Any, Any, R]) -> R | None:
    """The result of ``work``; None if it was not there ten seconds after the run was told to leave.

    What a thread has in hand then goes on by itself: the answer to a submit is still recorded when it comes.
    """
    task, left = asyncio.create_task(work), asyncio.create_task(stop.left(_GRACE_S))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        left.cancel()
        await asyncio.gather(task, left, return_exceptions=True)
