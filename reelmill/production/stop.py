"""How a run is told to stop, in three steps: begin no clip, send nothing more, leave what is in flight."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reelmill.errors import RaiseCap

__all__ = ["StopSignal"]


@dataclass(slots=True)
class StopSignal:
    """Shared by everything in one event loop. ``request`` may be called from its thread only."""

    error: BaseException | None = None
    clock: Callable[[], float] = time.monotonic
    _closed: bool = False
    _left_at: float = 0.0
    _requested: asyncio.Event = field(default_factory=asyncio.Event)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def closed(self) -> bool:
        """No new clip may begin; those that hold a reservation are still sent."""
        return self._closed or self.requested

    @property
    def requested(self) -> bool:
        """Nothing more may be sent."""
        return self._requested.is_set()

    @property
    def leaving(self) -> bool:
        """Clips in flight are left for ``settle`` or the next run."""
        return self._leaving.is_set()

    def close(self, error: BaseException | None = None) -> None:
        """Begin no new clip; the first error given is kept as the reason, unless it was only a cap."""
        if self.error is None or (error is not None and isinstance(self.error, RaiseCap)):
            self.error = error  # a real error says more than the cap that was met before it
        self._closed = True

    def request(self, error: BaseException | None = None) -> None:
        """Send nothing more: what waits for its turn gives its reservation back."""
        self.close(error)
        self._requested.set()

    def leave(self) -> None:
        """Send nothing more and do not wait for what is in flight."""
        self._requested.set()
        if not self._leaving.is_set():
            self._left_at = self.clock()
            self._leaving.set()

    async def pause(self, seconds: float) -> bool:
        """Sleep; True if nobody asked to stop meanwhile."""
        return not await _set_within(self._requested, seconds)

    async def pause_in_flight(self, seconds: float) -> bool:
        """Sleep; True unless what is in flight shall be left."""
        return not await _set_within(self._leaving, seconds)

    async def left(self, seconds: float) -> None:
        """Return so many seconds after what is in flight was left, however often it is asked."""
        await self._leaving.wait()
        await asyncio.sleep(max(0.0, self._left_at + seconds - self.clock()))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            return await event.wait()
    except TimeoutError:
        return event.is_set()
