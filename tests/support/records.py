"""Provenance records as a run leaves them, without making a video."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reelmill.clip import Clip
from reelmill.ledger.records import Intent, Settlement
from reelmill.ledger.states import State
from reelmill.production.provenance import NAME, Provenance, clip_folder, prefix_leaf
from reelmill.storage.port import Storage
from tests.support.production import RUN

NOON = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)


def paid_intent(clip: Clip, storage: Storage, *, attempt: int = 1, **changes: Any) -> Intent:
    """An intent whose videos have just come back."""
    intent_id = changes.pop("intent_id", secrets.token_hex(16))
    prefix = f"{clip_folder(clip)}/{prefix_leaf(clip.clip_id, attempt, intent_id)}"
    intent = Intent(
        intent_id=intent_id,
        clip_id=clip.clip_id,
        attempt=attempt,
        run_id=RUN,
        output=storage.root,
        output_prefix=prefix,
        state=State.SUBMITTED,
        owner="a worker",
        lease_until=NOON,
        reserved_usd=clip.estimated_usd,
        charged_usd=Decimal(0),
        model=clip.request.model,
        unit_price_usd=clip.unit_price_usd,
        price_date=clip.price_date,
        seconds=clip.request.duration_s,
        samples=clip.request.samples,
        operation=f"operations/{intent_id}",
        created_at=NOON,
        sending_at=NOON + timedelta(seconds=1),
        submitted_at=NOON + timedelta(seconds=2),
    )
    return replace(intent, **changes)


def record_of(clip: Clip, intent: Intent, storage: Storage) -> Provenance:
    """The record of all its videos."""
    uris = tuple(storage.uri(f"{intent.output_prefix}/1/sample_{n}.mp4") for n in range(intent.samples))
    settlement = Settlement(
        state=State.SUCCEEDED,
        returned=intent.samples,
        video_uris=uris,
        poster_uri=storage.uri(f"{intent.output_prefix}/poster.jpg"),
        provenance_uri=storage.uri(f"{intent.output_prefix}/{NAME}"),
        inspection={"status": "pass", "findings": []},
    )
    return Provenance.of(clip, intent, settlement, ("0" * 64,) * intent.samples, NOON)


def leave_record(clip: Clip, storage: Storage, *, attempt: int = 1, video: bool = True, **changes: Any) -> Provenance:
    """Write a record, and bytes where its first video would be."""
    intent = paid_intent(clip, storage, attempt=attempt, **changes)
    record = record_of(clip, intent, storage)
    if video:
        storage.create(f"{intent.output_prefix}/1/sample_0.mp4", b"video", "video/mp4")
    storage.create(f"{intent.output_prefix}/{NAME}", record.model_dump_json().encode(), "application/json")
    return record
