"""Who allows a run to spend: a bound, a person, or nobody needs to."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State

from flows.endings import not_approved, rejected
from flows.parameters import Spending
from reelmill.errors import GetApproval, RaiseCap
from reelmill.jobs.approval import Approval
from reelmill.jobs.catalog import CatalogRequest
from reelmill.jobs.engine import Engine
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from tasks.approve import approve, over_bound
from tasks.ask import ask
from tasks.settle import settle
from tasks.step import whole

__all__ = ["get_approval"]


async def get_approval(
    engine: Engine, request: CatalogRequest, summary: PlanSummary, spending: Spending, resumed: list[Work]
) -> Approval | State[Any]:
    """The approval; or, if there is none, the state in which the run ends.

    ``resumed`` is emptied where the run ends or waits: what it had taken over is brought to its end first, because
    nobody would follow it while a person thinks.
    """
    asks = over_bound(summary, engine.settings.ask_above_usd)
    if resumed and (asks or over_bound(summary, spending.approve_up_to_usd)):
        await settle(whole(engine), whole([*resumed]))
        resumed.clear()
    try:
        await approve(whole(summary), spending.approve_up_to_usd)
        decision = await ask(engine, request, summary) if asks else None
    except (RaiseCap, GetApproval) as error:
        return not_approved(error, summary)
    if not asks:
        return Approval()
    return decision.approval() if decision is not None and decision.approved else rejected(decision)
