"""What was made good since: by another attempt at the same clip, or by a changed clip in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.reading import IS_LATEST
from reelmill.ledger.records import Intent
from reelmill.ledger.rows import INTENT_COLUMNS, intent_from
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import DELIVERED

__all__ = ["remade", "videos_of"]

_CHUNK = 1000
_c, _i = clips.c, intents.c


class _Kind(NamedTuple):
    """What shares a place without taking it from all others."""

    scene: str
    draft: bool


def videos_of(database: Database, clip_ids: Collection[str]) -> dict[str, Intent]:
    """The latest delivered attempt of each clip that has one."""
    found: dict[str, Intent] = {}
    for chunk in chunks(clip_ids, _CHUNK):
        with database.reading() as connection:
            these = (one_of(connection, _i.clip_id, chunk), _i.state.in_(DELIVERED))
            rows = connection.execute(select(*INTENT_COLUMNS).where(*these).order_by(_i.attempt)).all()
        found |= {intent.clip_id: intent for intent in map(intent_from, rows)}
    return found


def remade(database: Database, attempts: Collection[tuple[Clip, Intent]]) -> set[str]:
    """The clips among these whose place another clip has taken: delivered later, for another prompt or picture.

    The place of a clip is its SKU, ratio, variant and output; scenes of one film share it without taking each other's.
    A draft takes no place but that of other drafts.
    """
    skus = {clip.sku for clip, _ in attempts}
    latest: dict[tuple[Any, ...], dict[_Kind, datetime]] = {}
    for place, kind, moment in _deliveries(database, skus):
        kinds = latest.setdefault(place, {})
        kinds[kind] = max(moment, kinds.get(kind, moment))
    return {clip.clip_id for clip, intent in attempts if _is_remade(clip, intent, latest)}


def _is_remade(clip: Clip, intent: Intent, latest: Mapping[tuple[Any, ...], Mapping[_Kind, datetime]]) -> bool:
    """Whether something that counts for it was delivered in its place later."""
    place = _place(clip.sku, clip.request.aspect_ratio, clip.variant, intent.output)
    return any(
        moment > intent.created_at
        for kind, moment in latest.get(place, {}).items()
        if (not clip.scene or kind.scene in ("", clip.scene)) and (intent.draft or not kind.draft)
    )


def _deliveries(database: Database, skus: Collection[str]) -> Iterator[tuple[tuple[Any, ...], _Kind, datetime]]:
    columns: tuple[ColumnElement[Any], ...]
    columns = (_c.sku, _c.request, _c.variant, _c.scene, _i.output, _i.draft, _i.created_at)
    for chunk in chunks(sorted(skus), _CHUNK):
        with database.reading() as connection:
            query = (
                select(*columns)
                .select_from(clips.join(intents, IS_LATEST))
                .where(one_of(connection, _c.sku, chunk), _i.state.in_(DELIVERED))
            )
            rows = connection.execute(query).all()
        for row in rows:
            place = _place(row.sku, row.request["aspect_ratio"], row.variant, row.output)
            yield place, _Kind(row.scene, row.draft), row.created_at


def _place(sku: str, ratio: str, variant: int, output: str) -> tuple[Any, ...]:
    return sku, str(ratio), variant, output
