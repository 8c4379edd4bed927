"""What may be published: what people approved, and where the policy trusts inspection, what it found fine."""

from __future__ import annotations

from collections.abc import Sequence

from reelmill.choices import InspectDepth, ReviewPolicy
from reelmill.clip import Clip
from reelmill.delivery.deliverable import Gate
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Intent, Review

__all__ = ["review_gate"]

_UNSEEN = "skipped"


def review_gate(ledger: Ledger, policy: ReviewPolicy, inspect: InspectDepth) -> Gate:
    """What lets delivered clips through to manifests and publishing.

    What was rejected or is to be remade never passes; what inspection doubts, or has not looked at yet, needs a
    person's approval under either policy. Only where nothing is looked at at all does the policy count alone. An
    attempt is decided about by itself: one that is made again is undecided again.
    """

    def gate(delivered: Sequence[tuple[Clip, Intent]]) -> set[str]:
        decisions = ledger.decisions_of([intent.intent_id for _, intent in delivered])
        return {
            intent.intent_id
            for _, intent in delivered
            if _may_leave(intent, decisions.get(intent.intent_id), policy, inspect)
        }

    return gate


def _may_leave(intent: Intent, review: Review | None, policy: ReviewPolicy, inspect: InspectDepth) -> bool:
    if review is not None:
        return review.decision is Decision.APPROVE
    return policy is ReviewPolicy.OPTIONAL and _is_fine(intent, inspect)


def _is_fine(intent: Intent, inspect: InspectDepth) -> bool:
    """Whether nothing was found; what nobody looked at is fine only if somebody chose that nothing is looked at."""
    status = (intent.inspection or {}).get("status", _UNSEEN)
    return status == "pass" or (status == _UNSEEN and inspect is InspectDepth.OFF)
