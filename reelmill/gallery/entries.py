"""What the page is told of a clip and of a run. Pure: records in, plain JSON values out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reelmill.clip import Clip
from reelmill.gallery.links import Links
from reelmill.gallery.media import without_media
from reelmill.ledger.films import StandingFilm, Stitched
from reelmill.ledger.records import Intent, Review, Run
from reelmill.ledger.tallying import Group

__all__ = ["Entry", "clip_entry", "decision_entry", "doubt", "likeness", "run_entry", "waits_for_review"]

Entry = dict[str, Any]

_DOUBT = {"fail": 0, "review": 1, "skipped": 2, "pass": 3}
_NOT_LOOKED_AT, _NOTHING_TO_SEE = 2, 4


def doubt(intent: Intent) -> int:
    """How soon a person should look: 0 found unfit, 1 to be reviewed, 2 not looked at, 3 fine, 4 without a video."""
    if not intent.state.delivered:
        return _NOTHING_TO_SEE
    return _DOUBT.get(str((intent.inspection or {}).get("status", "")), _NOT_LOOKED_AT)


def likeness(intent: Intent) -> float | None:
    """How like its product's picture the clip looks, from 0 to 1; None if it was not compared."""
    found = (intent.inspection or {}).get("likeness")
    return float(found) if isinstance(found, (int, float)) else None


def clip_entry(
    clip: Clip,
    intent: Intent,
    links: Links,
    *,
    replaced: bool = False,
    removed_at: datetime | None = None,
    film: StandingFilm | None = None,
) -> Entry:
    """An attempt at a clip. ``replaced``: a later attempt has taken its place; what was removed points at no video.

    ``film`` is what it is a scene of.
    """
    if removed_at is not None:
        intent = without_media(intent)
    request = intent.as_sent(clip.request)
    return {
        "id": intent.intent_id,
        "sku": clip.sku,
        "title": clip.title,
        "brand": clip.brand,
        "category": clip.category,
        "campaign": clip.campaign,
        "platforms": list(clip.platforms),
        "ratio": request.aspect_ratio.value,
        "state": intent.state.value,
        "delivered": intent.state.delivered,
        "draft": intent.draft,
        "attempt": intent.attempt,
        "doubt": doubt(intent),
        "inspection": str((intent.inspection or {}).get("status", "")),
        "findings": _findings(intent.inspection),
        "likeness": likeness(intent),
        "error": intent.error_message,
        "errorCode": intent.error_code,
        "prompt": request.prompt,
        "negative": request.negative_prompt,
        "cost": str(intent.charged_usd),
        "reserved": str(intent.reserved_usd),
        "poster": links.poster(intent),
        "preview": links.preview(intent),
        "videos": links.videos(intent),
        "renditions": _renditions(intent, links),
        "picture": links.picture(clip),
        "provenance": links.provenance(intent),
        "replaced": replaced,
        "removed": _moment(removed_at),
        "scene": clip.scene,
        "clip": clip.clip_id,
        "film": None if film is None else _film(film, links),
        "lineage": _lineage(clip, intent),
    }


def waits_for_review(entry: Entry) -> bool:
    """Whether somebody is to decide about it: of each clip, only the latest video that is there."""
    return bool(entry["delivered"] and not entry["replaced"] and not entry["removed"])


def decision_entry(review: Review) -> Entry:
    """A decision, as the page shows and exports it."""
    return {
        "review_id": review.review_id,
        "intent_id": review.intent_id,
        "decision": review.decision.value,
        "reason": review.reason,
        "reviewer": review.reviewer,
        "decided_at": _moment(review.decided_at),
    }


def run_entry(run: Run, spend: Mapping[str, Mapping[str, Group]]) -> Entry:
    """The run, and its money by what it was spent on: name, attempts, USD and delivered attempts of each."""
    # Names come from the feed, so they are values and never keys.
    groups = [[title, [_spent(name, group) for name, group in rows.items()]] for title, rows in spend.items()]
    return {
        "id": run.run_id,
        "output": run.output,
        "status": run.status.value,
        "planned": str(run.planned_usd),
        "spent": str(run.spent_usd),
        "reserved": str(run.reserved_usd),
        "started": _moment(run.started_at),
        "ended": _moment(run.ended_at),
        "spend": groups,
    }


def _spent(name: str, group: Group) -> list[str | int]:
    return [name, group.attempts, str(group.spent_usd), group.delivered]


def _lineage(clip: Clip, intent: Intent) -> list[list[str]]:
    """Where it comes from, as pairs of our words and theirs."""
    request = clip.request
    seed = "" if request.seed is None else str(request.seed)
    pairs = [
        ("Kind", "draft" if intent.draft else ""),
        ("Model", request.model),
        (
            "Asked for",
            f"{request.duration_s} s, {request.resolution.value}, {'sound' if request.audio else 'no sound'}",
        ),
        ("Mode", request.mode.value.replace("_", " ")),
        ("Variant", str(clip.variant)),
        ("Scene", clip.scene),
        ("Continues", intent.sent_video or ""),
        ("Attempt", str(intent.attempt)),
        ("Softened", str(intent.softening) if intent.softening else ""),
        ("Remake", str(intent.remake) if intent.remake else ""),
        ("Seed", seed),
        ("Price then", clip.price),
        ("Sale price then", clip.sale_price),
        ("Template", clip.template),
        ("Template version", clip.template_version),
        ("Input hash", clip.input_hash),
        ("Campaign", clip.campaign),
        ("Clip", clip.clip_id),
        ("Intent", intent.intent_id),
        ("Operation", intent.operation or ""),
        ("Submitted", _moment(intent.submitted_at) or ""),
        ("Finished", _moment(intent.finished_at) or ""),
    ]
    return [[name, value] for name, value in pairs if value]


def _film(standing: StandingFilm, links: Links) -> Entry:
    """The film that a clip is a scene of: its video, if there is one by now, and all its scenes."""
    stitched = standing.stitched
    video, poster = links.film(stitched) if stitched else (None, None)
    return {
        "video": video,
        "poster": poster,
        "renditions": _renditions(stitched, links) if stitched else [],
        "seconds": standing.film.duration_ms / 1000,
        "draft": standing.film.draft,
        "scenes": [{"name": scene.name, "clip": scene.clip_id} for scene in standing.film.scenes],
    }


def _renditions(made: Intent | Stitched, links: Links) -> list[Entry]:
    """What each platform gets, with its size in pixels if the record of the file says it."""
    known = {one.get("platform"): one for one in (made.inspection or {}).get("renditions", ())}
    return [
        {
            "platform": platform,
            "video": link,
            "width": known.get(platform, {}).get("width"),
            "height": known.get(platform, {}).get("height"),
        }
        for platform, link in sorted(links.renditions(made).items())
    ]


def _findings(inspection: Mapping[str, Any] | None) -> list[Entry]:
    return [
        {"code": str(finding.get("code", "")), "message": str(finding.get("message", "")), "at": finding.get("at_s")}
        for finding in (inspection or {}).get("findings", ())
    ]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
