"""The script that most people write first: a semaphore, and exponential back-off with jitter after a 429."""

from __future__ import annotations

import asyncio
import random
import sys

from benchmarks.plain_calls import PlainCalls, run_peer

__all__ = ["make_with_retries"]

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


async def make_with_retries(calls: PlainCalls, number: int) -> None:
    """One clip; the loop that calls this is the semaphore's slot, held until the video is there."""
    wait = _FIRST_WAIT_S
    while (operation := await calls.submit(number)) is None:
        await asyncio.sleep(random.uniform(0, wait))  # "full jitter"
        wait = min(_LONGEST_WAIT_S, wait * 2)
    await calls.finish(operation)


if __name__ == "__main__":
    run_peer(make_with_retries, sys.argv[1:])
