"""What share of a quota was used, from the simulator's own journal: the other side's word, not the sender's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Accepted"]

_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The moments at which submits were accepted, in seconds after the first of them, in order."""

    moments: Sequence[float]

    @classmethod
    def of(cls, journal: Sequence[dict[str, Any]]) -> Accepted:
        """From the records of ``/simulator/journal``."""
        times = sorted(datetime.fromisoformat(record["accepted_at"]).timestamp() for record in journal)
        return cls([moment - times[0] for moment in times])

    def within(self, seconds: float) -> int:
        """How many were accepted in the first ``seconds``."""
        return bisect_right(self.moments, seconds)

    def share(self, per_minute: float, seconds: float) -> float:
        """Accepted submits over those that ``per_minute`` permits in the first ``seconds``.

        The first one opens the span and is not counted: a sender exactly at the quota uses 100 %, not more.
        """
        return (self.within(seconds) - 1) / (per_minute / 60 * seconds)

    def most_in_a_minute(self) -> int:
        """The most in any 60 seconds."""
        moments = self.moments
        return max(bisect_right(moments, moments[at] + _WINDOW_S - 1e-6) - at for at in range(len(moments)))
