"""How a clip's outcome looks as a Prefect state: the name says what became of it, the colour whether to look.

=====================  ==========  ===============================================================
ledger                 state name  type: meaning
=====================  ==========  ===============================================================
succeeded              Completed   COMPLETED: delivered
succeeded, unfit       Unfit       COMPLETED: delivered and paid, but inspection found it unfit
partial                Partial     COMPLETED: fewer videos than asked for, the returned ones are paid
filtered               Filtered    FAILED: refused by Google's safety filters, not paid
failed                 Failed      FAILED: refused or failed at Google, not paid
lost, expired          Lost, …     FAILED: may have been paid; ``reelmill settle`` looks again
released, not started  NotStarted  CANCELLED: the run stopped before it was sent; nothing was paid
still open             InFlight    CANCELLED: sent, left for the next run or ``reelmill settle``
=====================  ==========  ===============================================================
"""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from reelmill.cli.printing import money
from reelmill.ledger.states import State as ClipState
from reelmill.production.results import ClipResult

__all__ = ["clip_state", "not_started"]

_NOT_PAID_AGAIN = "Sent; the next run or reelmill settle follows it without paying."


def clip_state(result: ClipResult) -> State[Any]:
    """The state in which a clip's task run ends."""
    state = result.state
    if state is ClipState.RELEASED:
        return not_started(result)
    if state.open:
        return Cancelled(name="InFlight", message=_NOT_PAID_AGAIN, data=result)
    if not state.delivered:
        return Failed(name=state.value.capitalize(), message=result.detail or state.value, data=result)
    message = f"{money(result.charged_usd)} {' '.join(result.video_uris)}"
    if state is ClipState.PARTIAL:
        return Completed(name="Partial", message=message, data=result)
    if result.needs_attention:
        return Completed(name="Unfit", message=f"Inspection found it unfit. {message}", data=result)
    return Completed(message=message, data=result)


def not_started(result: ClipResult | Exception | None, reason: str = "") -> State[Any]:
    """The state of a clip for which nothing was sent."""
    message = reason or "The run stopped before it was sent; nothing was paid."
    return Cancelled(name="NotStarted", message=message, data=result)
