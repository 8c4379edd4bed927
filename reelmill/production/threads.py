"""Bounded threads for blocking work, one pool per kind, so that slow polls never hold up a paid submit."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

__all__ = ["Threads"]

P = ParamSpec("P")
R = TypeVar("R")

_NICER = 5  # of 19: beside a busy thread of the usual priority it gets a quarter of a processor


class Threads:
    """A context manager; leaving it waits for running work, so that a submit always gets recorded.

    ``media_workers`` videos are worked on at once, 0 means one for each processor. Their threads give way to all
    others, so that a machine full of pictures still sends and polls in time.
    """

    def __init__(self, media_workers: int = 0) -> None:
        self._submit = ThreadPoolExecutor(32, "submit")
        self._poll = ThreadPoolExecutor(32, "poll")
        self._ledger = ThreadPoolExecutor(8, "ledger")
        self._judge = ThreadPoolExecutor(16, "judge")  # answers take seconds, and polls must not wait behind them
        self._media = ThreadPoolExecutor(media_workers or os.cpu_count() or 1, "media", _give_way)

    async def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a paid submit."""
        return await self._run(self._submit, partial(work, *args, **kwargs))

    async def poll(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Look at an operation or at storage."""
        return await self._run(self._poll, partial(work, *args, **kwargs))

    async def ledger(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Read or write the ledger."""
        return await self._run(self._ledger, partial(work, *args, **kwargs))

    async def judge(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Have a clip compared with its product."""
        return await self._run(self._judge, partial(work, *args, **kwargs))

    async def media(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Decode a video and encode what is made of it; at most ``media_workers`` at a time."""
        return await self._run(self._media, partial(work, *args, **kwargs))

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, work: Callable[[], R]) -> R:
        # With the caller's context, so that log lines of the thread say what they are about.
        return await asyncio.get_running_loop().run_in_executor(pool, copy_context().run, work)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._submit, self._poll, self._media, self._judge, self._ledger):
            pool.shutdown(wait=True)


def _give_way() -> None:
    """Lower this thread's priority; only Linux has one for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)
