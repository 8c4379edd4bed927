"""A progress artifact that follows the clips while they are made."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from reelmill.cli.printing import money
from reelmill.production.leaving import unless_left
from reelmill.production.results import ClipResult, Tally
from reelmill.production.stop import StopSignal
from tasks.publish import publish

__all__ = ["Progress"]

_EVERY_S = 3.0


class Progress:
    """Counts results; publishes at most every three seconds, and once at the end. An async context manager."""

    def __init__(self, total: int, stop: StopSignal) -> None:
        self._total = total
        self._stop = stop
        self._tally = Tally()
        self._shown = 0
        self._artifact: UUID | None = None
        self._publisher: asyncio.Task[None] | None = None

    def count(self, result: ClipResult) -> None:
        """One more clip has come to an end."""
        self._tally.add(result)

    def show(self, tally: Tally) -> None:
        """So many have come to an end by now, wherever they were made."""
        self._tally = tally

    async def __aenter__(self) -> Self:
        if self._total:
            begun = acreate_progress_artifact(0.0, key="reelmill-progress", description=self._description)
            self._artifact = await unless_left(self._stop, publish(begun))
            self._publisher = asyncio.create_task(self._publish_often())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._publisher is not None:
            self._publisher.cancel()
            if kind is None:
                await self._publish()

    @property
    def _done(self) -> int:
        return sum(self._tally.counts.values())

    @property
    def _description(self) -> str:
        return f"{self._done} of {self._total} clips, {money(self._tally.spent_usd)} spent"

    async def _publish_often(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await self._publish()

    async def _publish(self) -> None:
        if self._artifact is None or self._shown == self._done:
            return
        self._shown = self._done
        percent = min(100.0, 100.0 * self._done / self._total)
        update = aupdate_progress_artifact(self._artifact, progress=percent, description=self._description)
        await unless_left(self._stop, publish(update))
