"""Ending a run that would come too late, before it costs anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Failed

from reelmill.cli.printing import span
from reelmill.errors import FixConfiguration
from reelmill.planning.summary import PlanSummary
from tasks.plan_page import plan_sentence

__all__ = ["too_late"]


def too_late(summary: PlanSummary, deadline: datetime | None) -> State[Any] | None:
    """The state to end in, if what is to be made cannot be back by ``deadline``; None if it can, or nothing is."""
    if deadline is None or not summary.eta_seconds:
        return None
    left = deadline - datetime.now(UTC)
    if left >= timedelta(seconds=summary.eta_seconds):
        return None
    error = FixConfiguration(
        f"The plan takes about {span(summary.eta_seconds)}, and would not end by "
        f"{deadline.astimezone(UTC):%Y-%m-%d %H:%M} UTC; nothing was spent.",
        "Give a later deadline, fewer SKUs or a larger quota.",
    )
    return Failed(name="TooLate", message=f"{error} Plan: {plan_sentence(summary)}", data=error)
