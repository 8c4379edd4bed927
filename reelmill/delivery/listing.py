"""Which videos may be handed over: of each clip the latest delivered one, current, and let through by the gate.

A scene is handed over as part of its film, never by itself: see :mod:`reelmill.delivery.films`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reelmill.clip import Clip, Resolution
from reelmill.delivery.deliverable import Deliverable, Gate
from reelmill.delivery.films import film_deliverables
from reelmill.delivery.tally import Tally
from reelmill.ledger.delivered import shown_video
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Intent
from reelmill.platforms import NativeRatio, Platform

__all__ = ["Tally", "deliverables"]

_CHUNK = 1000
_SHORT_SIDE = {Resolution.P720: 720, Resolution.P1080: 1080, Resolution.K4: 2160}


def deliverables(
    ledger: Ledger,
    output: str,
    *,
    platforms: Mapping[str, Platform],
    catalog: str = "",
    gate: Gate,
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
        shown = gate(chunk)
        known = ledger.known_products(catalog or output, {clip.sku for clip, _ in chunk})
        for clip, intent in chunk:
            if clip.scene:
                continue
            counts.clips += 1
            retired = clip.sku in known and known[clip.sku].retired
            if intent.draft:
                counts.drafts += 1
            elif clip.clip_id in replaced:
                counts.replaced += 1
            elif not retired and intent.intent_id not in shown:
                counts.withheld += 1
            else:
                counts.retired += retired
                for one in _of(clip, intent, platforms, counts, retired=retired):
                    counts.deliverables += not retired
                    yield one
    yield from film_deliverables(
        ledger, output, platforms=platforms, catalog=catalog, gate=gate, run_id=run_id, counts=counts
    )


def _of(
    clip: Clip, intent: Intent, platforms: Mapping[str, Platform], counts: Tally, *, retired: bool
) -> Iterator[Deliverable]:
    video, facts = _video(intent)
    for name in clip.platforms:
        platform = platforms.get(name)
        rendition = intent.renditions.get(name)
        # A platform may have been given another ratio since: then this clip is not for it any more.
        fits = platform is not None and platform.native is clip.request.aspect_ratio
        if platform is None or not fits or not (rendition or (video and not platform.derived)):
            counts.unrendered[name] += not retired
            continue
        width, height = _size(clip, facts) if rendition is None else _made_size(intent, platform)
        yield Deliverable(
            sku=clip.sku,
            item_group_id=clip.item_group_id,
            title=clip.title,
            brand=clip.brand,
            category=clip.category,
            campaign=clip.campaign,
            platform=name,
            variant=clip.variant,
            uri=rendition or video,
            poster_uri=intent.poster_uri,
            aspect_ratio=platform.ratio,
            width=width,
            height=height,
            duration_s=float(facts.get("duration_s") or clip.request.duration_s),
            clip_id=clip.clip_id,
            intent_id=intent.intent_id,
            run_id=intent.run_id,
            retired=retired,
        )


def _video(intent: Intent) -> tuple[str, Mapping[str, Any]]:
    """The video that is shown, with the facts of it; empty if none came back."""
    reports = {report.get("uri"): report for report in (intent.inspection or {}).get("videos", ())}
    shown = shown_video(intent)
    return shown, reports.get(shown, {}).get("facts") or {}


def _made_size(intent: Intent, platform: Platform) -> tuple[int, int]:
    """As the record of the file says; a file of unknown origin has the platform's own size."""
    made = {one.get("platform"): one for one in (intent.inspection or {}).get("renditions", ())}
    facts = made.get(platform.name, {})
    return int(facts.get("width") or platform.width), int(facts.get("height") or platform.height)


def _size(clip: Clip, facts: Mapping[str, Any]) -> tuple[int, int]:
    if facts.get("width") and facts.get("height"):
        return int(facts["width"]), int(facts["height"])
    short = _SHORT_SIDE[clip.request.resolution]
    long = short * 16 // 9
    return (short, long) if clip.request.aspect_ratio is NativeRatio.PORTRAIT else (long, short)
