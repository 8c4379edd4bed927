"""From what the ledger holds to rows of the output tables. Pure: records in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from reelmill.clip import Clip
from reelmill.ledger.films import StandingFilm
from reelmill.ledger.records import Charge, Intent, Review, Run, StateTotal
from reelmill.ledger.states import State
from reelmill.ledger.verdicts import PaidVerdict
from reelmill.product import Reject

__all__ = ["film_row", "reject_row", "result_row", "run_row", "spend_row", "verdict_row"]

Row = dict[str, Any]


def result_row(
    clip: Clip, intent: Intent, review: Review | None = None, *, film_id: str = "", removed_at: datetime | None = None
) -> Row:
    """A row of ``results``; ``review`` is the decision that counts, ``film_id`` the film that it is a scene of.

    What was removed is not pointed at any more.
    """
    there = removed_at is None
    request = intent.as_sent(clip.request)
    return {
        **_lineage(clip),
        "run_id": intent.run_id,
        "item_group_id": clip.item_group_id,
        "title": clip.title,
        "brand": clip.brand,
        "price": clip.price,
        "sale_price": clip.sale_price,
        "aspect_ratio": request.aspect_ratio.value,
        "variant": clip.variant,
        "scene": clip.scene,
        "film_id": film_id,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "softening": intent.softening,
        "remake": intent.remake,
        "draft": intent.draft,
        "template": clip.template,
        "template_version": clip.template_version,
        "input_hash": clip.input_hash,
        "seed": request.seed,
        "duration_s": request.duration_s,
        "status": intent.state.value,
        "video_uris": list(intent.video_uris) if there else [],
        "poster_uri": intent.poster_uri if there else None,
        "renditions": sorted(intent.renditions.items()) if there else [],
        "removed_at": removed_at,
        "inspection": _inspection(intent.inspection),
        "likeness": _likeness(intent.inspection),
        "decision": None if review is None else review.decision.value,
        "decision_reason": "" if review is None else review.reason,
        "error_code": intent.error_code,
        "error_message": intent.error_message,
        "operation": intent.operation,
        "attempt": intent.attempt,
        "submitted_at": intent.submitted_at,
        "finished_at": intent.finished_at,
        "cost_usd": intent.charged_usd,
        "ai_generated": True,
        "provenance_uri": intent.provenance_uri,
    }


def film_row(standing: StandingFilm) -> Row:
    """A row of ``films``."""
    film, made = standing.film, standing.stitched
    found = made.inspection if made else None
    return {
        "run_id": standing.run_id,
        "film_id": film.film_id,
        "sku": film.sku,
        "aspect_ratio": film.aspect_ratio.value,
        "variant": film.variant,
        "scenes": [scene.name for scene in film.scenes],
        "clip_ids": list(film.clip_ids),
        "draft": film.draft,
        "crossfade_s": film.crossfade_ms / 1000,
        "planned_s": film.duration_ms / 1000,
        "status": "stitched" if made else "waiting",
        "duration_s": ((found or {}).get("facts") or {}).get("duration_s"),
        "video_uri": made.video_uri if made else None,
        "poster_uri": made.poster_uri if made else None,
        "renditions": sorted(made.renditions.items()) if made else [],
        "inspection": _inspection(found),
        "stitched_at": made.stitched_at if made else None,
        "ai_generated": True,
        "provenance_uri": made.provenance_uri if made else None,
    }


def spend_row(clip: Clip, charge: Charge) -> Row:
    """A row of ``spend``."""
    return {
        **_lineage(clip),
        "run_id": charge.run_id,
        "attempt": charge.attempt,
        "model": charge.model,
        "seconds": charge.seconds,
        "samples": charge.returned,
        "unit_price_usd": charge.unit_price_usd,
        "amount_usd": charge.amount_usd,
        "price_date": _day(charge.price_date),
        "operation": charge.operation,
        "charged_at": charge.charged_at,
        "kind": "clip",
        "input_tokens": None,
        "output_tokens": None,
    }


def verdict_row(clip: Clip, attempt: int, verdict: PaidVerdict) -> Row:
    """A row of ``spend`` for a verdict, which is paid by tokens and not by seconds."""
    return {
        **_lineage(clip),
        "run_id": verdict.run_id,
        "attempt": attempt,
        "model": verdict.model,
        "seconds": 0,
        "samples": 0,
        "unit_price_usd": Decimal(0),
        "amount_usd": verdict.charged_usd,
        "price_date": _day(verdict.price_date),
        "operation": None,
        "charged_at": verdict.asked_at,
        "kind": "verdict",
        "input_tokens": verdict.input_tokens,
        "output_tokens": verdict.output_tokens,
    }


def reject_row(run_id: str, reject: Reject) -> Row:
    """A row of ``rejects``."""
    return {
        "run_id": run_id,
        "feed": reject.ref.file,
        "row_number": reject.ref.row,
        "sku": reject.sku,
        "field": reject.field,
        "reason": reject.reason,
        "remedy": reject.remedy,
        "raw_value": reject.raw_value,
    }


def run_row(run: Run, totals: Mapping[State, StateTotal]) -> Row:
    """A row of ``runs``."""
    return {
        "run_id": run.run_id,
        "output": run.output,
        "status": run.status.value,
        "parameters": orjson.dumps(run.parameters, default=str, option=orjson.OPT_SORT_KEYS).decode(),
        "planned_counts": sorted(run.counts.items()),
        "counts": sorted((state.value, total.clips) for state, total in totals.items()),
        "planned_usd": run.planned_usd,
        "spent_usd": run.spent_usd,
        "reserved_usd": run.reserved_usd,
        "cap_run_usd": run.caps.run_usd,
        "cap_day_usd": run.caps.day_usd,
        "cap_month_usd": run.caps.month_usd,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def _lineage(clip: Clip) -> Row:
    return {
        "clip_id": clip.clip_id,
        "sku": clip.sku,
        "category": clip.category,
        "campaign": clip.campaign,
        "platforms": list(clip.platforms),
        "model": clip.request.model,
        "resolution": clip.request.resolution.value,
        "audio": clip.request.audio,
    }


def _day(text: str) -> date | None:
    """The day that a price was read on; an unreadable one must not keep the books from being written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _likeness(found: Mapping[str, Any] | None) -> float | None:
    score = (found or {}).get("likeness")
    return float(score) if isinstance(score, int | float) else None


def _inspection(found: Mapping[str, Any] | None) -> Row | None:
    """Status and findings only; what else the record holds is for the ledger."""
    if found is None:
        return None
    findings = [
        {"code": finding.get("code"), "message": finding.get("message"), "at_s": finding.get("at_s")}
        for finding in found.get("findings", ())
    ]
    return {"status": found.get("status"), "findings": findings}
