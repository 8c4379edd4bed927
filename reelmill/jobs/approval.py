"""What was allowed before money: everything that was planned, or a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reelmill.jobs.engine import Engine

__all__ = ["Approval"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A yes. Without bounds it is to the whole plan.

    ``up_to_usd`` is the most that the run may spend, in USD, below its own cap; ``first_clips`` makes that many of
    the planned clips only, as a canary; ``by`` and ``note`` are who said so, and why, as they put it.
    """

    up_to_usd: Decimal | None = None
    first_clips: int | None = None
    by: str = ""
    note: str = ""

    def bind(self, engine: Engine) -> None:
        """Lower the run's cap to what was allowed. It is kept by the ledger like any other cap."""
        caps = [cap for cap in (engine.settings.cap_run_usd, self.up_to_usd) if cap is not None]
        if caps:
            engine.settings = engine.settings.model_copy(update={"cap_run_usd": min(caps)})

    def to_dict(self) -> dict[str, Any]:
        """For the run's parameters in the ledger, so that the books say who allowed it."""
        up_to = None if self.up_to_usd is None else str(self.up_to_usd)
        return {"up_to_usd": up_to, "first_clips": self.first_clips, "by": self.by, "note": self.note}
