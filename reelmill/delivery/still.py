"""Whether what was listed may still leave: hours may lie between its listing and its upload, and people decide."""

from __future__ import annotations

from collections.abc import Sequence

from reelmill.clip import Clip
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.terms import Terms
from reelmill.ledger.editions import Edition
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Intent

__all__ = ["may_still_leave"]


def may_still_leave(ledger: Ledger, output: str, terms: Terms, listed: Deliverable) -> bool:
    """Whether its video is still its clip's present one in this output, there, in place, and let through by the gate.

    A film is asked for with all its scenes: it must be stitched from their present videos.
    """
    film = ledger.edition_of(listed.clip_id, listed.film) if listed.film else None
    if listed.film and (film is None or film.replaced):
        return False
    clip_ids, listed_attempts = (film.clip_ids, film.attempts) if film else ((listed.clip_id,), (listed.intent_id,))
    clips, videos = ledger.clips(clip_ids), ledger.videos_of(clip_ids, output=output)
    present = [(clips[id_], videos[id_]) for id_ in clip_ids if id_ in videos]
    if ledger.remade(present) or ledger.removed(listed_attempts):
        return False
    # Present videos only: a listed attempt that another one followed is not among them.
    return _shown(ledger, terms, present, film).issuperset(listed_attempts)


def _shown(ledger: Ledger, terms: Terms, present: Sequence[tuple[Clip, Intent]], film: Edition | None) -> set[str]:
    """The attempts that may be shown: those that the gate lets through; of a doubted film, those that were approved."""
    if film is None or not _doubted(film, terms):
        return set(terms.gate(present))
    decisions = ledger.decisions_of([intent.intent_id for _, intent in present])
    return {id_ for id_, review in decisions.items() if review.decision is Decision.APPROVE}


def _doubted(film: Edition, terms: Terms) -> bool:
    """Whether people have to approve every scene, as when it was listed: nobody can approve the film itself."""
    return terms.looks if film.inspection is None else film.inspection.get("status") == "review"
