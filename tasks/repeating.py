"""Something done again and again beside other work, and brought to its end, not broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

__all__ = ["repeating"]


@asynccontextmanager
async def repeating(action: Callable[[], Awaitable[object]], *, every_s: float) -> AsyncIterator[None]:
    """Await ``action`` after every so many seconds; on the way out the one under way is waited for.

    Never cancelled: what it had taken up to tell would then be told by nobody.
    """
    over = asyncio.Event()
    task = asyncio.create_task(_repeat(action, every_s, over))
    try:
        yield
    finally:
        over.set()
        await task


async def _repeat(action: Callable[[], Awaitable[object]], every_s: float, over: asyncio.Event) -> None:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await over.wait()
        if over.is_set():
            return
        await action()
