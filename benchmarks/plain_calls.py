"""What a script without a ledger does: submit and poll, with the very client and transport that Reelmill uses.

The peers call Veo through it, so that they differ from Reelmill in their pacing and in nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from reelmill.clip import VideoRequest
from reelmill.platforms import NativeRatio
from reelmill.settings import load_settings
from reelmill.veo.outcomes import Accepted, Pending, Refusal, Refused
from reelmill.veo.vertex import VertexBackend

__all__ = ["PlainCalls", "run_peer"]

_POLL_S = 2.0
_THREADS = 64


class PlainCalls:
    """Veo by two calls. ``bucket`` is where the videos go, as ``gs://name``."""

    def __init__(self, backend: VertexBackend, bucket: str) -> None:
        self._backend = backend
        self._bucket = bucket

    async def submit(self, number: int) -> str | None:
        """Send once; the operation's name, or None for a 429. Raises RuntimeError for any other answer."""
        request = VideoRequest(
            model="veo-3.1-fast-generate-001",
            prompt=f"A linen shirt, number {number}, turns slowly in a white studio.",
            aspect_ratio=NativeRatio.PORTRAIT,
        )
        outcome = await asyncio.to_thread(
            self._backend.submit,
            request,
            media={},
            storage_uri=f"{self._bucket}/clip-{number}",
            labels={"clip": str(number)},
            before_send=lambda: True,
        )
        if isinstance(outcome, Accepted):
            return outcome.operation
        if isinstance(outcome, Refused) and outcome.refusal is Refusal.THROTTLED:
            return None
        raise RuntimeError(f"the simulator answered {outcome}")

    async def finish(self, operation: str) -> None:
        """Poll until it is done."""
        while True:
            await asyncio.sleep(_POLL_S)
            if not isinstance(await asyncio.to_thread(self._backend.poll, operation), Pending):
                return


MakeOne = Callable[[PlainCalls, int], Awaitable[None]]


def run_peer(make: MakeOne, arguments: Sequence[str], prepare: Callable[[], Awaitable[None]] | None = None) -> None:
    """Run one peer's process: ``--callers`` loops that make clip after clip, until ``--clips`` or ``--seconds``."""
    parser = argparse.ArgumentParser()
    for name, kind in (("clips", int), ("callers", int), ("seconds", float), ("bucket", str)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    asked = parser.parse_args(arguments)
    with VertexBackend.from_settings(load_settings()) as backend:
        calls = PlainCalls(backend, asked.bucket)
        asyncio.run(_loops(calls, make, asked, prepare))
    print(json.dumps({}))


async def _loops(
    calls: PlainCalls, make: MakeOne, asked: argparse.Namespace, prepare: Callable[[], Awaitable[None]] | None
) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    if prepare is not None:
        await prepare()
    numbers = itertools.islice(itertools.count(1), asked.clips)

    async def caller() -> None:
        for number in numbers:
            await make(calls, number)

    with suppress(TimeoutError):
        async with asyncio.timeout(asked.seconds), asyncio.TaskGroup() as callers:
            for _ in range(asked.callers):
                callers.create_task(caller())
