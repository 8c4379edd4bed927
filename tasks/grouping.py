"""One task run per clip, or many clips in one: decided here and nowhere else.

Prefect 3.8 and 3.9 on SQLite and PostgreSQL record 10 and 20 task runs a second without loss; the server
works off 30 to 42 on two cores and drops the rest without a word, and its run graph shows 10,000 nodes
(measured). So every clip is a task run of its own as long as the quota and the plan stay below that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

__all__ = ["GROUP_SIZE", "Pace", "in_groups"]

GROUP_SIZE = 100
_MOST_PER_MINUTE = 600.0
_MOST_CLIPS = 10_000
_STARTS_PER_SECOND = 20.0


def in_groups(quota_per_minute: float, clips: int) -> bool:
    """Whether ``clips`` at this quota would be more task runs than Prefect records."""
    return quota_per_minute > _MOST_PER_MINUTE or clips > _MOST_CLIPS


@dataclass(slots=True)
class Pace:
    """Spreads the starts of task runs where no quota does: clips taken over, or refused before their submit."""

    _next: float = 0.0

    async def turn(self) -> None:
        """Wait until another task run may start."""
        now = asyncio.get_running_loop().time()
        self._next = max(self._next + 1 / _STARTS_PER_SECOND, now)
        if self._next > now:
            await asyncio.sleep(self._next - now)
