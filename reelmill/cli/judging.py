"""What comparing clips with their products means for a plan, in a sentence."""

from __future__ import annotations

from reelmill.cli.printing import money
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary

__all__ = ["verdicts_sentence"]


def verdicts_sentence(summary: PlanSummary) -> str:
    """The part of a plan's price that verdicts can take; empty if nothing is judged."""
    if not summary.judge or not summary.counts[Action.MAKE]:
        return ""
    return f"at most {money(summary.verdicts_usd)} of that for comparing clips with their products by {summary.judge}."
