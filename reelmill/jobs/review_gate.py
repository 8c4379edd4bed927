"""What may be published: what people approved, and where the policy trusts inspection, what it found fine."""

from __future__ import annotations

from collections.abc import Sequence

from reelmill.choices import ReviewPolicy
from reelmill.clip import Clip
from reelmill.delivery.deliverable import Gate
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Intent, Review

__all__ = ["review_gate"]

_FINE = ("pass", "skipped")


def review_gate(ledger: Ledger, policy: ReviewPolicy) -> Gate:
    """What lets delivered clips through to manifests and publishing.

    What was rejected or is to be remade never passes; what inspection doubts needs a person's approval under either
    policy. An attempt is decided about by itself: one that is made again is undecided again.
    """

    def gate(delivered: Sequence[tuple[Clip, Intent]]) -> set[str]:
        decisions = ledger.decisions_of([intent.intent_id for _, intent in delivered])
        return {
            intent.intent_id for _, intent in delivered if _may_leave(intent, decisions.get(intent.intent_id), policy)
        }

    return gate


def _may_leave(intent: Intent, review: Review | None, policy: ReviewPolicy) -> bool:
    if review is not None:
        return review.decision is Decision.APPROVE
    return policy is ReviewPolicy.OPTIONAL and _is_fine(intent)


def _is_fine(intent: Intent) -> bool:
    """Whether nothing was found, or nothing was looked for: without inspection somebody chose not to look."""
    return intent.inspection is None or intent.inspection.get("status") in _FINE
