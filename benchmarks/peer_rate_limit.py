"""Prefect's own throttle: rate_limit() against a global concurrency limit whose slots decay at the quota.

``BENCHMARK_PER_SECOND`` is the quota; PREFECT_API_URL names the server that keeps the limit.
"""

from __future__ import annotations

import math
import os
import sys

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import rate_limit

from benchmarks.peer_semaphore import make_with_retries
from benchmarks.plain_calls import PlainCalls, run_peer

__all__ = ["make_in_turn"]

_LIMIT = "veo-submits"


async def make_in_turn(calls: PlainCalls, number: int) -> None:
    """One clip, once Prefect grants a slot for its submit."""
    await rate_limit(_LIMIT, strict=True)
    await make_with_retries(calls, number)


async def _make_limit() -> None:
    """As many slots as a second permits, and that many back each second."""
    per_second = float(os.environ["BENCHMARK_PER_SECOND"])
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name(
            name=_LIMIT, limit=max(1, math.floor(per_second)), slot_decay_per_second=per_second
        )


if __name__ == "__main__":
    run_peer(make_in_turn, sys.argv[1:], _make_limit)
