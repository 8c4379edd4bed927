"""Waiting for one's turn: slots come from the ledger, so that all runs and machines share one quota."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from reelmill.ledger.ledger import Ledger
from reelmill.production.stop import StopSignal
from reelmill.production.threads import Threads

__all__ = ["Pacer"]


@dataclass(slots=True)
class Pacer:
    """Hands out turns in order, one reserved slot at a time.

    A process never holds more than one slot ahead: a run that is stopped leaves at most that one unused.
    """

    ledger: Ledger
    threads: Threads
    stop: StopSignal
    per_minute: float
    _order: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def turn(self, key: str) -> bool:
        """Wait for the next permitted submit under the quota ``key``; False if the run shall stop."""
        async with self._order:
            while not self.stop.requested:
                delay = await self.threads.ledger(self.ledger.next_slot, key, self.per_minute)
                if delay > 0 and not await self.stop.pause(delay):
                    return False
                # Somebody may have met a 429 while we waited: a slot from before it is void.
                if delay <= 0 or await self.threads.ledger(self.ledger.blocked_for, key) <= 0:
                    return True
            return False
