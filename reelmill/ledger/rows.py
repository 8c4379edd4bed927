"""Between table rows and records, in one place for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column

from reelmill.clip import Clip, VideoRequest
from reelmill.ledger import schema
from reelmill.ledger.records import Charge, Intent

__all__ = [
    "CHARGE_COLUMNS",
    "CLIP_COLUMNS",
    "INTENT_COLUMNS",
    "charge_from",
    "clip_from",
    "clip_values",
    "intent_from",
    "intent_values",
]

CLIP_COLUMNS = tuple(c for c in schema.clips.c if c.name not in ("latest_attempt", "latest_intent_id"))
INTENT_COLUMNS = tuple(c for c in schema.intents.c if c.name not in ("day_key", "month_key", "kept_at"))
CHARGE_COLUMNS = tuple(schema.charges.c)

_MONEY = {
    "unit_price": "unit_price_usd",
    "reserved": "reserved_usd",
    "charged": "charged_usd",
    "amount": "amount_usd",
}


def _fields(columns: Sequence[Column[Any]]) -> tuple[str, ...]:
    return tuple(_MONEY.get(column.name, column.name) for column in columns)


_CLIP_FIELDS = _fields(CLIP_COLUMNS)
_INTENT_FIELDS = _fields(INTENT_COLUMNS)
_CHARGE_FIELDS = _fields(CHARGE_COLUMNS)


def clip_values(clip: Clip) -> dict[str, Any]:
    """A clip as values of its row."""
    return {
        "clip_id": clip.clip_id,
        "request": clip.request.to_dict(),
        "variant": clip.variant,
        "sku": clip.sku,
        "item_group_id": clip.item_group_id,
        "title": clip.title,
        "brand": clip.brand,
        "category": clip.category,
        "campaign": clip.campaign,
        "platforms": clip.platforms,
        "template": clip.template,
        "template_version": clip.template_version,
        "input_hash": clip.input_hash,
        "content_hashes": clip.content_hashes,
        "picture": clip.picture,
        "price": clip.price,
        "sale_price": clip.sale_price,
        "scene": clip.scene,
        "unit_price": clip.unit_price_usd,
        "price_date": clip.price_date,
    }


def clip_from(row: Sequence[Any]) -> Clip:
    """The clip of a row of CLIP_COLUMNS."""
    values = dict(zip(_CLIP_FIELDS, row, strict=True))
    values["request"] = VideoRequest.from_dict(values["request"])
    values["platforms"] = tuple(values["platforms"])
    values["content_hashes"] = tuple(values["content_hashes"])
    return Clip(**values)


def intent_from(row: Sequence[Any]) -> Intent:
    """The intent of a row of INTENT_COLUMNS."""
    values = dict(zip(_INTENT_FIELDS, row, strict=True))
    values["video_uris"] = tuple(values["video_uris"])
    values["filter_causes"] = tuple(values["filter_causes"] or ())
    return Intent(**values)


def intent_values(intent: Intent) -> dict[str, Any]:
    """An intent as values of its row; the keys of its budgets are not among them."""
    return {column.name: getattr(intent, name) for column, name in zip(INTENT_COLUMNS, _INTENT_FIELDS, strict=True)}


def charge_from(row: Sequence[Any]) -> Charge:
    """The charge of a row of CHARGE_COLUMNS."""
    return Charge(**dict(zip(_CHARGE_FIELDS, row, strict=True)))
