"""Which videos may be handed over: of each clip the latest delivered one, current, and let through by the gate.

A scene is handed over as part of its film, never by itself: see :mod:`reelmill.delivery.films`.
"""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.clip import Clip, Resolution
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.films import film_deliverables
from reelmill.delivery.footage import Footage
from reelmill.delivery.tally import Tally
from reelmill.delivery.terms import Terms
from reelmill.ledger.delivered import shown_video
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Intent
from reelmill.platforms import NativeRatio

__all__ = ["Tally", "deliverables"]

_CHUNK = 1000
_SHORT_SIDE = {Resolution.P720: 720, Resolution.P1080: 1080, Resolution.K4: 2160}


def deliverables(
    ledger: Ledger,
    output: str,
    *,
    terms: Terms,
    catalog: str = "",
    run_id: str | None = None,
    tally: Tally | None = None,
) -> Iterator[Deliverable]:
    """Everything of an output (or of one run) that may be handed over, streamed: clips as they were made, then films.

    ``catalog`` (the output if empty) says which products are known to be retired: their videos come too, marked so.
    A clip that a changed clip took the place of is passed over even while the gate withholds the new one: an old
    video shows the old product.
    """
    counts = tally if tally is not None else Tally()
    for chunk in chunks(ledger.videos(output=output, run_id=run_id), _CHUNK):
        replaced = ledger.remade(chunk)
        shown = terms.gate(chunk)
        known = ledger.known_products(catalog or output, {clip.sku for clip, _ in chunk})
        for clip, intent in chunk:
            if clip.scene:
                continue
            counts.clips += 1
            retired = clip.sku in known and known[clip.sku].retired
            if clip.rehearsed is not terms.rehearsal:
                counts.other_stage += 1
            elif intent.draft:
                counts.drafts += 1
            elif clip.clip_id in replaced:
                counts.replaced += 1
            elif not retired and intent.intent_id not in shown:
                counts.withheld += 1
            else:
                counts.retired += retired
                for one in _footage(clip, intent).deliverables(clip, intent, terms, counts, retired=retired):
                    counts.deliverables += not retired
                    yield one
    yield from film_deliverables(ledger, output, terms=terms, catalog=catalog, run_id=run_id, counts=counts)


def _footage(clip: Clip, intent: Intent) -> Footage:
    """The video that is shown, with the facts of it, and what was made of it."""
    reports = {report.get("uri"): report for report in (intent.inspection or {}).get("videos", ())}
    video = shown_video(intent)
    report = reports.get(video, {})
    return Footage(
        ratio=clip.request.aspect_ratio,
        video=video,
        poster=intent.poster_uri,
        renditions=intent.renditions,
        record=intent.inspection,
        facts={"bytes": report.get("bytes"), **(report.get("facts") or {})},
        size=_asked_size(clip),
        duration_s=float(clip.request.duration_s),
    )


def _asked_size(clip: Clip) -> tuple[int, int]:
    short = _SHORT_SIDE[clip.request.resolution]
    long = short * 16 // 9
    return (short, long) if clip.request.aspect_ratio is NativeRatio.PORTRAIT else (long, short)
