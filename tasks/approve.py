"""Step: the price check, before anything is paid."""

from __future__ import annotations

from decimal import Decimal

from reelmill.cli.printing import money
from reelmill.errors import RaiseCap
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary
from tasks.step import step

__all__ = ["approve", "over_bound"]


@step("approve")
async def approve(summary: PlanSummary, approve_up_to_usd: Decimal | None) -> None:
    """Nobody is asked: a plan that could cost more than the bound is refused as a whole.

    Raises RaiseCap if it is; nothing was reserved or sent then.
    """
    if approve_up_to_usd is not None and over_bound(summary, approve_up_to_usd):
        raise RaiseCap(
            f"The plan costs at most {money(summary.most_usd)}, over the {money(approve_up_to_usd)} that "
            "approve_up_to_usd allows; nothing was spent.",
            "Look at the plan, then raise approve_up_to_usd, or set limit or cap_usd to make a part of it.",
        )


def over_bound(summary: PlanSummary, bound_usd: Decimal | None) -> bool:
    """Whether there is something to make that could cost more than ``bound_usd``; no bound, never."""
    return bound_usd is not None and summary.counts[Action.MAKE] > 0 and summary.most_usd > bound_usd
