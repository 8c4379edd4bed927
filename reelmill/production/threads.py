"""Bounded threads for blocking work, one pool per kind, so that slow polls never hold up a paid submit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

__all__ = ["Threads"]

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """A context manager; leaving it waits for running work, so that a submit always gets recorded."""

    def __init__(self) -> None:
        self._submit = ThreadPoolExecutor(32, "submit")
        self._poll = ThreadPoolExecutor(32, "poll")
        self._ledger = ThreadPoolExecutor(8, "ledger")
        self._media = ThreadPoolExecutor(max(1, os.cpu_count() or 1), "media")

    async def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a paid submit."""
        return await self._run(self._submit, partial(work, *args, **kwargs))

    async def poll(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Look at an operation or at storage."""
        return await self._run(self._poll, partial(work, *args, **kwargs))

    async def ledger(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Read or write the ledger."""
        return await self._run(self._ledger, partial(work, *args, **kwargs))

    async def media(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Decode a video; at most one for each processor at a time."""
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
        for pool in (self._submit, self._poll, self._media, self._ledger):
            pool.shutdown(wait=True)
