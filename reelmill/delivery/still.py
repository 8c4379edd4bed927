"""Whether what was listed may still leave: hours may lie between its listing and its upload, and people decide."""

from __future__ import annotations

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.films import approved_of, doubted
from reelmill.delivery.terms import Terms
from reelmill.ledger.ledger import Ledger

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
    must_be_approved = film is not None and doubted(film, terms)
    shown = approved_of(ledger, present) if must_be_approved else terms.gate(present)
    return set(shown).issuperset(listed_attempts)
