"""A progress artifact that follows the clips while they are made, and a sign of it for automations."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from reelmill.cli.printing import money
from reelmill.production.leaving import unless_left
from reelmill.production.results import ClipResult, Tally
from reelmill.production.stop import StopSignal
from tasks.events import run_progressed
from tasks.publish import publish
from tasks.repeating import repeating

__all__ = ["Progress"]

_EVERY_S = 3.0
_TOLD_EVERY_S = 60.0


class Progress:
    """How many clips of a run have come to an end, of how many, and what they cost."""

    def __init__(self, run_id: str, total: int, stop: StopSignal) -> None:
        self._run_id = run_id
        self._total = total
        self._stop = stop
        self._tally = Tally()
        self._shown = 0
        self._artifact: UUID | None = None
        self._tell_from = 0.0

    def count(self, result: ClipResult) -> None:
        """One more clip has come to an end."""
        self._tally.add(result)

    def show(self, tally: Tally) -> None:
        """So many have come to an end by now, wherever they were made."""
        self._tally = tally

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[Self]:
        """Follow what is counted: a change at most every three seconds, and once more at the end."""
        if not self._total:
            yield self
            return
        begun = acreate_progress_artifact(0.0, key="reelmill-progress", description=self._description)
        self._artifact = await unless_left(self._stop, publish(begun))
        async with repeating(self._publish, every_s=_EVERY_S):
            yield self
        await self._publish()

    @property
    def _done(self) -> int:
        return sum(self._tally.counts.values())

    @property
    def _description(self) -> str:
        return f"{self._done} of {self._total} clips, {money(self._tally.spent_usd)} spent"

    async def _publish(self) -> None:
        if self._shown == self._done:
            return
        self._shown = self._done
        self._tell()
        if self._artifact is None:
            return
        percent = min(100.0, 100.0 * self._done / self._total)
        update = aupdate_progress_artifact(self._artifact, progress=percent, description=self._description)
        await unless_left(self._stop, publish(update))

    def _tell(self) -> None:
        """Once a minute at most: of clips that share task runs no event of their own says that the run goes on."""
        now = time.monotonic()
        if now >= self._tell_from:
            self._tell_from = now + _TOLD_EVERY_S
            run_progressed(self._run_id, self._done, self._total, self._tally.spent_usd)
