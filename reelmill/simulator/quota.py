"""The submit quota: at most N in any 60 seconds, per project, region and base model."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable

__all__ = ["SlidingQuota"]

_WINDOW_SECONDS = 60.0


class SlidingQuota:
    """Counts admitted submits in the last 60 seconds. What it refuses does not count."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._admitted: defaultdict[Hashable, deque[float]] = defaultdict(deque)

    def admit(self, key: Hashable, now: float) -> bool:
        """Whether a submit at ``now`` (seconds, any steady clock) is within the quota; it is counted if so."""
        if self._per_minute == 0:
            return True
        recent = self._admitted[key]
        while recent and recent[0] <= now - _WINDOW_SECONDS:
            recent.popleft()
        if len(recent) >= self._per_minute:
            return False
        recent.append(now)
        return True
