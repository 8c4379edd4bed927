"""What people are told of drafts."""

from __future__ import annotations

from reelmill.cli.printing import count, money
from reelmill.planning.drafts import Finals

__all__ = ["drafts_left_out", "finals_sentence"]


def finals_sentence(finals: Finals) -> str:
    """What the drafts of a plan lead to, and what that costs at most."""
    return (
        f"These are drafts. If every one were picked, {count(finals.clips, 'final')} with {finals.model} would cost at "
        f"most {money(finals.usd)} more; reelmill finals asks before it makes them."
    )


def drafts_left_out(drafts: int) -> str:
    """Why a manifest or a target does not have them; empty without any."""
    if not drafts:
        return ""
    return (
        f"{count(drafts, 'draft')} left out: drafts are never published. reelmill finals makes those that were picked."
    )
