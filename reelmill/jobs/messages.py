"""What a webhook says: read from the ledger at the moment of sending, in the words of the business."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Delivery
from reelmill.ledger.states import State
from reelmill.ledger.types import show_usd
from reelmill.scrub import scrub

__all__ = ["message", "render"]

_LONGEST_WORDS = 400


def message(ledger: Ledger, delivery: Delivery) -> bytes:
    """The body that tells of this end. Amounts are USD as text; there is no signed address and no secret in it."""
    data = _run(ledger, delivery) if delivery.intent_id is None else _clip(ledger, delivery, delivery.intent_id)
    return render(delivery.event, delivery.created_at, data)


def render(event: str, moment: datetime, data: dict[str, Any]) -> bytes:
    """A body as Standard Webhooks has it."""
    return orjson.dumps({"type": event, "timestamp": _iso(moment), "data": data})


def _clip(ledger: Ledger, delivery: Delivery, intent_id: str) -> dict[str, Any]:
    intent = ledger.intent(intent_id)
    clip = None if intent is None else ledger.clip(intent.clip_id)
    assert intent is not None  # the ledger's own rules keep both
    assert clip is not None
    status = State(delivery.event.partition(".")[2])
    # A lost or expired clip may have been found since: that is a message of its own, and this one stays what it was.
    current = intent.state is status
    error = {"code": intent.error_code, "message": scrub(intent.error_message, _LONGEST_WORDS)}
    return {
        "run_id": intent.run_id,
        "clip_id": intent.clip_id,
        "attempt": intent.attempt,
        "status": status.value,
        "sku": clip.sku,
        "item_group_id": clip.item_group_id,
        "campaign": clip.campaign,
        "platforms": list(clip.platforms),
        "aspect_ratio": clip.request.aspect_ratio.value,
        "variant": clip.variant,
        "softening": intent.softening,
        "remake": intent.remake,
        "draft": intent.draft,
        "video_uris": list(intent.video_uris) if current else [],
        "poster_uri": intent.poster_uri if current else None,
        "inspection": (intent.inspection or {}).get("status") if current else None,
        "cost_usd": show_usd(intent.charged_usd) if current else "0.00",
        "error": error if current and intent.error_code else None,
    }


def _run(ledger: Ledger, delivery: Delivery) -> dict[str, Any]:
    run = ledger.run(delivery.run_id)
    assert run is not None  # the ledger's own rules keep it
    clips = ledger.totals(run_id=run.run_id)
    return {
        "run_id": run.run_id,
        "status": delivery.event.partition(".")[2],
        "output": run.output,
        "clips": {state.value: total.clips for state, total in sorted(clips.items())},
        "planned_usd": show_usd(run.planned_usd),
        "spent_usd": show_usd(run.spent_usd),
        "reserved_usd": show_usd(run.reserved_usd),
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
