"""What may be published: delivered, still the clip's present result, and approved as the policy asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reelmill.choices import ReviewPolicy
from reelmill.clip import Clip
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Decision, Intent, Review
from reelmill.ledger.states import State

__all__ = ["Basis", "Publishable", "publishable"]

_CHUNK = 1000
_DELIVERED = [state for state in State if state.delivered]
_FINE = ("pass", "skipped")


class Basis(StrEnum):
    """Why a clip may be published."""

    APPROVED = "approved"  # by a person
    AUTOMATIC = "automatic"  # nobody decided, inspection has nothing to say, and the policy does not ask for more


@dataclass(frozen=True, slots=True)
class Publishable:
    """A delivered clip that may leave, and why; ``review`` is the approval, if a person gave one."""

    clip: Clip
    intent: Intent
    basis: Basis
    review: Review | None = None


def publishable(ledger: Ledger, run_id: str, policy: ReviewPolicy) -> Iterator[Publishable]:
    """The clips of a run that may be published, oldest first, streamed.

    A clip that a later attempt has taken the place of never may, nor one that was rejected or is to be remade. What
    inspection doubts needs a person's approval under either policy.
    """
    for chunk in chunks(ledger.intents(run_id=run_id, states=_DELIVERED, latest=True), _CHUNK):
        decisions = ledger.decisions_of([intent.intent_id for _, intent in chunk])
        for clip, intent in chunk:
            review = decisions.get(intent.intent_id)
            if review is not None and review.decision is Decision.APPROVE:
                yield Publishable(clip, intent, Basis.APPROVED, review)
            elif review is None and policy is ReviewPolicy.OPTIONAL and _is_fine(intent):
                yield Publishable(clip, intent, Basis.AUTOMATIC)


def _is_fine(intent: Intent) -> bool:
    """Whether nothing was found, or nothing was looked for: without inspection somebody chose not to look."""
    return intent.inspection is None or intent.inspection.get("status") in _FINE
