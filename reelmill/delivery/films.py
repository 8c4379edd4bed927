"""Which films may be handed over: stitched from the latest videos of all their scenes, each of them let through."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reelmill.clip import Clip
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.footage import Footage
from reelmill.delivery.tally import Tally
from reelmill.delivery.terms import Terms
from reelmill.ledger.editions import Edition
from reelmill.ledger.films import StandingFilm, Stitched
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Decision, Intent

__all__ = ["approved_of", "doubted", "film_deliverables"]

_CHUNK = 200
Scenes = Sequence[tuple[Clip, Intent]]


def film_deliverables(
    ledger: Ledger,
    output: str,
    *,
    terms: Terms,
    catalog: str,
    run_id: str | None,
    counts: Tally,
) -> Iterator[Deliverable]:
    """The films of an output (or those that one run planned first), as :func:`reelmill.delivery.listing.deliverables`.

    A film with a scene that was remade, rejected or replaced is passed over until it is stitched again.
    """
    for chunk in chunks(ledger.films(output=output, run_id=run_id), _CHUNK):
        made = [one for one in chunk if one.stitched is not None]
        scenes = _scenes(ledger, output, made)
        attempts = [attempt for found in scenes.values() for attempt in found]
        replaced, shown = ledger.remade(attempts), set(terms.gate(attempts))
        approved = approved_of(ledger, attempts)
        known = ledger.known_products(catalog or output, {one.film.sku for one in made})
        for one in made:
            counts.films += 1
            found, stitched = scenes[one.film.film_id], one.stitched
            retired = one.film.sku in known and known[one.film.sku].retired
            if any(clip.rehearsed is not terms.rehearsal for clip, _ in found):
                counts.other_stage += 1
            elif one.film.draft or any(intent.draft for _, intent in found):
                counts.drafts += 1
            elif stitched is None or one.replaced or any(clip.clip_id in replaced for clip, _ in found):
                counts.replaced += 1
            elif not retired and not _may_leave(stitched, found, approved if doubted(stitched, terms) else shown):
                counts.withheld += 1
            else:
                counts.retired += retired
                footage = _footage(one, stitched)
                for deliverable in footage.deliverables(*found[0], terms, counts, retired=retired):
                    counts.deliverables += not retired
                    yield deliverable


def _scenes(ledger: Ledger, output: str, films: Sequence[StandingFilm]) -> dict[str, Scenes]:
    """The latest video of each scene of these films that has one."""
    ids = [clip_id for one in films for clip_id in one.film.clip_ids]
    clips, videos = ledger.clips(ids), ledger.videos_of(ids, output=output)
    return {
        one.film.film_id: [(clips[id_], videos[id_]) for id_ in one.film.clip_ids if id_ in videos] for one in films
    }


def approved_of(ledger: Ledger, attempts: Scenes) -> set[str]:
    """The intents of those of these attempts that a person approved."""
    decisions = ledger.decisions_of([intent.intent_id for _, intent in attempts])
    return {intent_id for intent_id, review in decisions.items() if review.decision is Decision.APPROVE}


def doubted(stitched: Stitched | Edition, terms: Terms) -> bool:
    """Whether inspection doubts the film, or nobody looked at it though videos are looked at.

    Nobody can approve it by itself: people have to approve each of its scenes.
    """
    if stitched.inspection is None:
        return terms.looks
    return stitched.inspection.get("status") == "review"


def _may_leave(stitched: Stitched, scenes: Scenes, shown: Collection[str]) -> bool:
    """The film is fit and of the present scenes, and each of those may be shown."""
    latest = tuple(intent.intent_id for _, intent in scenes)
    return not stitched.unfit and stitched.attempts == latest and all(intent_id in shown for intent_id in latest)


def _footage(standing: StandingFilm, stitched: Stitched) -> Footage:
    record = stitched.inspection or {}
    return Footage(
        ratio=standing.film.aspect_ratio,
        video=stitched.video_uri,
        poster=stitched.poster_uri,
        renditions=stitched.renditions,
        record=stitched.inspection,
        facts={"bytes": record.get("bytes"), **(record.get("facts") or {})},
        size=None,
        duration_s=standing.film.duration_ms / 1000,
        film=stitched.edition,
    )
