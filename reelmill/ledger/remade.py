"""What was made good since: by another attempt at the same clip, or by a changed clip in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select, update

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.records import Intent
from reelmill.ledger.rows import CLIP_COLUMNS, INTENT_COLUMNS, clip_from, intent_from
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import DELIVERED

__all__ = ["keep_planned", "remade", "videos_of"]

_CHUNK = 1000
_c, _i = clips.c, intents.c
_Place = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A clip that was delivered in a place. ``moment`` is when it was last made or kept there."""

    clip: Clip
    draft: bool
    moment: datetime


def videos_of(database: Database, clip_ids: Collection[str], *, output: str | None = None) -> dict[str, Intent]:
    """The latest delivered attempt of each clip that has one; of those with one in ``output``, the latest there."""
    found: dict[str, Intent] = {}
    order = (case((_i.output == output, 1), else_=0), _i.attempt)
    for chunk in chunks(clip_ids, _CHUNK):
        with database.reading() as connection:
            these = (one_of(connection, _i.clip_id, chunk), _i.state.in_(DELIVERED))
            rows = connection.execute(select(*INTENT_COLUMNS).where(*these).order_by(*order)).all()
        found |= {intent.clip_id: intent for intent in map(intent_from, rows)}
    return found


def keep_planned(database: Database, output: str, clip_ids: Iterable[str]) -> None:
    """Note that a plan for ``output`` wants these clips; what was delivered there of them is current again."""
    for chunk in chunks(clip_ids, _CHUNK):
        with database.writing() as connection:
            these = (one_of(connection, _i.clip_id, chunk), _i.output == output, _i.state.in_(DELIVERED))
            connection.execute(update(intents).where(*these).values(kept_at=database.now(connection)))


def remade(database: Database, attempts: Collection[tuple[Clip, Intent]]) -> set[str]:
    """The clips among these whose place another clip has taken: delivered, or kept by a plan, later than they were.

    The place of a clip is its SKU, ratio, variant and output; scenes of one film share it without taking each other's,
    and so do clips of another mode for other platforms. A draft takes no place but that of other drafts, and a
    rehearsal none but that of other rehearsals. What is taken stays so whatever becomes of further attempts at the
    clip that took it: an old video shows the old product.
    """
    found: dict[_Place, list[_Delivery]] = {}
    for place, delivery in _deliveries(database, {clip.sku for clip, _ in attempts}):
        found.setdefault(place, []).append(delivery)
    return {
        clip.clip_id
        for clip, intent in attempts
        if _is_remade(clip, intent, found.get(_place(clip, intent.output), ()))
    }


def _is_remade(clip: Clip, intent: Intent, there: Sequence[_Delivery]) -> bool:
    own = (one.moment for one in there if one.clip.clip_id == clip.clip_id)
    moment = max((intent.created_at, *own))
    return any(one.moment > moment and _counts_for(one, clip, intent) for one in there)


def _counts_for(other: _Delivery, clip: Clip, intent: Intent) -> bool:
    """Whether what was delivered in a clip's place can take it."""
    if other.clip.clip_id == clip.clip_id or other.clip.rehearsed is not clip.rehearsed:
        return False
    if other.clip.request.mode is not clip.request.mode and not {*other.clip.platforms} & {*clip.platforms}:
        return False  # one platform wants pictures, the other does not
    return (not clip.scene or other.clip.scene in ("", clip.scene)) and (intent.draft or not other.draft)


def _deliveries(database: Database, skus: Collection[str]) -> Iterator[tuple[_Place, _Delivery]]:
    for chunk in chunks(sorted(skus), _CHUNK):
        with database.reading() as connection:
            query = (
                select(_i.output, _i.draft, _i.created_at, _i.kept_at, *CLIP_COLUMNS)
                .select_from(clips.join(intents, _i.clip_id == _c.clip_id))
                .where(one_of(connection, _c.sku, chunk), _i.state.in_(DELIVERED))
            )
            rows = connection.execute(query).all()
        yield from map(_delivery, rows)


def _delivery(row: Row[Any]) -> tuple[_Place, _Delivery]:
    output, draft, created_at, kept_at, *facts = row
    clip = clip_from(facts)
    return _place(clip, output), _Delivery(clip, draft, max(created_at, kept_at or created_at))


def _place(clip: Clip, output: str) -> _Place:
    return clip.sku, clip.request.aspect_ratio.value, clip.variant, output
