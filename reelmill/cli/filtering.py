"""What safety filters, and the policies to retry and remake clips, mean for a plan and a run, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from reelmill.cli.printing import count, money
from reelmill.planning.actions import Action
from reelmill.planning.summary import PlanSummary

__all__ = ["filtered_sentences", "remakes_sentence", "retries_sentence"]


def retries_sentence(summary: PlanSummary) -> str:
    """What a plan may do beyond its price about filtered clips; empty if it will retry none."""
    if not summary.filtered_retries or not summary.counts[Action.MAKE]:
        return ""
    before = f"{count(summary.softened, 'clip')} filtered before; " if summary.softened else ""
    retries = count(summary.filtered_retries, "retry", "retries")
    return (
        f"{before}up to {retries} of each filtered clip in softer words, at most {money(summary.retries_usd)} more "
        "if Google billed filtered videos too; it says that it does not."
    )


def remakes_sentence(summary: PlanSummary) -> str:
    """What remaking unfit clips may cost beyond the price of a plan; empty if nothing will be remade."""
    if not summary.remakes_usd:
        return ""
    remakes = count(summary.remake_attempts, "remake")
    return (
        f"up to {remakes} of each clip with a finding that asks for it, at most {money(summary.remakes_usd)} more: "
        f"{money(summary.most_usd)} in all."
    )


def filtered_sentences(filtered: Mapping[str, int]) -> list[str]:
    """Each reason for which clips were filtered, with how many."""
    return [f"{count(number, 'clip')}: {reason}" for reason, number in filtered.items()]
