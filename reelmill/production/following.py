"""After the submit: poll the operation, or look for its videos, until the intent can be settled.

Every step takes the intent as the ledger holds it, so that any process on any machine can take the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.ledger.records import Intent
from reelmill.ledger.states import State
from reelmill.production.looking import videos_at_prefix
from reelmill.production.studio import VERTEX_SILENT, Studio
from reelmill.production.watch import Watch
from reelmill.veo.explain import EMPTY_RESPONSE, Verdict, classify
from reelmill.veo.outcomes import Failed, Finished, OperationGone, Unreachable

__all__ = ["PART_PATIENCE", "Waiting", "next_step"]

PART_PATIENCE = 4
"""How many times ``unclear_wait_s`` a part of the videos is waited with: what comes after it is settled is not seen."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to settle yet (or nothing more to do); ``intent`` is how it stands now."""

    intent: Intent


def next_step(studio: Studio, intent: Intent, watch: Watch) -> Verdict | Waiting:
    """Look once. A verdict can be settled; Waiting says how the intent stands now. Raises TryLater."""
    match intent.state:
        case State.SUBMITTED | State.EXPIRED if intent.operation is not None:
            return _poll(studio, intent, intent.operation, watch)
        case State.UNKNOWN | State.LOST:
            return _look(studio, intent, watch)
        case _:  # somebody else's turn: only the ledger can tell how it goes on
            return Waiting(studio.ledger.intent(intent.intent_id) or intent)


def _poll(studio: Studio, intent: Intent, operation: str, watch: Watch) -> Verdict | Waiting:
    outcome = studio.backend.poll(operation)
    if isinstance(outcome, Unreachable):
        studio.waits.waiting(VERTEX_SILENT, outcome.reason)
    else:
        studio.waits.answered(VERTEX_SILENT)
    verdict = classify(outcome, intent.samples) if isinstance(outcome, Finished | Failed) else None
    # An answer that lacks videos may hide them in a shape that the library drops: only the prefix can tell, in time.
    if verdict is not None and not _hides(studio, intent, outcome, verdict):
        return verdict
    ended = verdict is not None or isinstance(outcome, OperationGone)
    overdue = watch.over(studio.ledger, intent.submitted_at, studio.settings.operation_deadline_s)
    if ended or overdue:
        videos, named = videos_at_prefix(studio, intent), len(verdict.videos) if verdict is not None else 0
        # While it runs, more may come; and a listing that comes late has fewer than the answer named.
        if len(videos) >= intent.samples or (len(videos) > named and ended and overdue):
            return classify(Finished(videos), intent.samples)
    if overdue and verdict is not None and verdict.code != EMPTY_RESPONSE:
        return verdict
    if overdue and intent.state is State.SUBMITTED and not isinstance(outcome, Unreachable):
        studio.ledger.expired(intent.intent_id, _overdue_message(outcome))
        return Waiting(studio.ledger.intent(intent.intent_id) or intent)
    return Waiting(_kept(studio, intent, watch))


def _hides(studio: Studio, intent: Intent, outcome: object, verdict: Verdict) -> bool:
    """Whether videos may lie at the prefix that a finished operation neither returned nor called filtered."""
    if verdict.code == EMPTY_RESPONSE:
        return True
    if not isinstance(outcome, Finished) or not studio.storage.is_cloud:
        return False
    return len(outcome.videos) + outcome.filtered_count < intent.samples and not outcome.filtered_reasons


def _look(studio: Studio, intent: Intent, watch: Watch) -> Verdict | Waiting:
    """Adopt what lies at the prefix; a whole set at once, a part only when surely no more can come."""
    videos = videos_at_prefix(studio, intent)
    patience = studio.settings.unclear_wait_s * (PART_PATIENCE if videos else 1)
    over = watch.over(studio.ledger, intent.unclear_since, patience)
    if len(videos) >= intent.samples or (videos and over):
        return classify(Finished(videos), intent.samples)
    if over and intent.state is State.UNKNOWN:
        studio.ledger.lost(intent.intent_id)
        return Waiting(studio.ledger.intent(intent.intent_id) or intent)
    return Waiting(_kept(studio, intent, watch))


def _kept(studio: Studio, intent: Intent, watch: Watch) -> Intent:
    """Give a sign of life well before the lease is over, and read what others may have changed."""
    if intent.state.open and watch.renewal_due(studio.settings.lease_s):
        studio.ledger.renew([intent.intent_id], owner=studio.owner, lease_s=studio.settings.lease_s)
        return studio.ledger.intent(intent.intent_id) or intent
    return intent


def _overdue_message(outcome: object) -> str:
    match outcome:
        case OperationGone():
            what = "Google no longer knows the operation"
        case Finished():
            what = "Google reported success without any video or reason"
        case _:
            what = "the operation did not finish in time"
    return f"{what} and no video lies at its prefix. Run reelmill settle later; redrive only by name."
