"""How long this process has watched an intent, told by clocks that can be trusted with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from reelmill.ledger.ledger import Ledger

__all__ = ["Watch"]


@dataclass(slots=True)
class Watch:
    """One process following one intent. ``from_the_start``: it sent the intent itself.

    A wall clock can be wrong, and be set anew at any moment; the steady clock only counts what this process has
    seen. So what we sent ourselves is timed by the steady clock alone. What others left is as old as the ledger's
    clock says, but never waited for longer than if it were new: its time stamps may lie ahead.
    """

    from_the_start: bool = False
    silent: str = ""  # what did not answer at the last look; told by name, as Waits keeps it
    _began: float = field(default_factory=time.monotonic)
    _renewed: float | None = None

    @property
    def seconds(self) -> float:
        """Since the watch began."""
        return time.monotonic() - self._began

    def over(self, ledger: Ledger, since: datetime | None, limit_s: float) -> bool:
        """Whether more than ``limit_s`` seconds have passed ``since`` then. Raises TryLater."""
        if self.seconds > limit_s:
            return True
        if self.from_the_start or since is None:
            return False
        return (ledger.now() - since).total_seconds() > limit_s

    def renewal_due(self, lease_s: float) -> bool:
        """Whether it is time for a sign of life: three times in a lease, at once for what others left."""
        now = time.monotonic()
        if self._renewed is None and self.from_the_start:
            self._renewed = self._began
        if self._renewed is not None and now - self._renewed < lease_s / 3:
            return False
        self._renewed = now
        return True
