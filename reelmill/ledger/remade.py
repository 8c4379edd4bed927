"""What came since: another attempt at the same clip, or a changed clip in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import case, func, or_, select, update

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, lock_in_order, mostly, one_of
from reelmill.ledger.plans import planning_times
from reelmill.ledger.records import Intent
from reelmill.ledger.rows import CLIP_COLUMNS, INTENT_COLUMNS, clip_from, intent_from
from reelmill.ledger.schema import clips, intents, runs
from reelmill.ledger.states import DELIVERED

__all__ = ["followed", "keep_planned", "remade", "videos_of"]

_CHUNK = 1000
_c, _i = clips.c, intents.c
_DELIVERED = mostly(_i.state.in_(DELIVERED))
_ASKED_AT = func.coalesce(runs.c.planned_at, _i.created_at).label("asked_at")
_Place = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt at a clip of a place. ``moment`` is when the last plan began that asked for the clip or kept it there.

    That is the same for all attempts at a clip: asked for again without a feed, it is no more up to date.
    """

    clip: Clip
    draft: bool
    delivered: bool
    moment: datetime


def videos_of(database: Database, clip_ids: Collection[str], *, output: str | None = None) -> dict[str, Intent]:
    """The latest delivered attempt of each clip that has one; of those with one in ``output``, the latest there."""
    found: dict[str, Intent] = {}
    order = (case((_i.output == output, 1), else_=0), _i.attempt)
    for chunk in chunks(clip_ids, _CHUNK):
        with database.reading() as connection:
            these = (one_of(connection, _i.clip_id, chunk), _DELIVERED)
            rows = connection.execute(select(*INTENT_COLUMNS).where(*these).order_by(*order)).all()
        found |= {intent.clip_id: intent for intent in map(intent_from, rows)}
    return found


def keep_planned(
    database: Database, output: str, clip_ids: Iterable[str], *, planned_at: datetime | None = None
) -> None:
    """Note that a plan for ``output`` wants these clips; what was delivered there of them is current again.

    ``planned_at`` is when it began (None: now); what a plan that began later has kept stays as that one left it.
    """
    for chunk in chunks(clip_ids, _CHUNK):
        with database.writing() as connection:
            moment = planned_at or database.now(connection)
            these = (one_of(connection, _i.clip_id, chunk), mostly(_i.output == output), _DELIVERED)
            older = or_(_i.kept_at.is_(None), _i.kept_at < moment)
            lock_in_order(connection, _i.intent_id, *these, older)
            connection.execute(update(intents).where(*these, older).values(kept_at=moment))


def remade(database: Database, attempts: Collection[tuple[Clip, Intent]]) -> set[str]:
    """The clips among these whose place another clip has taken: delivered or kept by a plan that began later.

    The place of a clip is its SKU, ratio, variant and output; scenes of one film share it without taking each other's,
    and so do clips of another mode for other platforms. A draft takes no place but that of other drafts, and a
    rehearsal none but that of other rehearsals. What is taken stays so whatever becomes of further attempts at the
    clip that took it: an old video shows the old product. Where nobody wrote down when a plan began, the moment
    counts at which the attempt was authorised.
    """
    return {clip.clip_id for clip, later in _with_later(database, attempts) if any(one.delivered for one in later)}


def followed(database: Database, attempts: Collection[tuple[Clip, Intent]]) -> dict[str, str]:
    """By clip, the latest other one that was asked for later in its place, however that ended; the rest is left out.

    A place is that of :func:`remade`. What only followed shows nothing instead, but nobody wants the clip before it.
    """
    return {
        clip.clip_id: max(later, key=lambda one: one.moment).clip.clip_id
        for clip, later in _with_later(database, attempts)
        if later
    }


def _with_later(database: Database, attempts: Collection[tuple[Clip, Intent]]) -> Iterator[tuple[Clip, list[_Attempt]]]:
    """Each with the attempts at other clips that came in its clip's place, after its own."""
    found = _attempts(database, attempts)
    with database.reading() as connection:
        planned = planning_times(connection, sorted({intent.run_id for _, intent in attempts}))
    for clip, intent in attempts:
        there = found.get(_place(clip, intent.output), ())
        own = (one.moment for one in there if one.clip.clip_id == clip.clip_id)
        moment = max((planned.get(intent.run_id, intent.created_at), *own))
        yield clip, [one for one in there if one.moment > moment and _counts_for(one, clip, intent)]


def _counts_for(other: _Attempt, clip: Clip, intent: Intent) -> bool:
    """Whether another attempt in a clip's place can take it."""
    if other.clip.clip_id == clip.clip_id or other.clip.rehearsed is not clip.rehearsed:
        return False
    if other.clip.request.mode is not clip.request.mode and not {*other.clip.platforms} & {*clip.platforms}:
        return False  # one platform wants pictures, the other does not
    return (not clip.scene or other.clip.scene in ("", clip.scene)) and (intent.draft or not other.draft)


def _attempts(database: Database, instead_of: Collection[tuple[Clip, Intent]]) -> dict[_Place, list[_Attempt]]:
    """All attempts at clips of the same products, by place."""
    found: dict[_Place, list[_Attempt]] = {}
    for chunk in chunks(sorted({clip.sku for clip, _ in instead_of}), _CHUNK):
        with database.reading() as connection:
            query = (
                select(_i.output, _i.draft, _i.state, _ASKED_AT, _i.kept_at, *CLIP_COLUMNS)
                .select_from(clips.join(intents, _i.clip_id == _c.clip_id).join(runs, runs.c.run_id == _i.run_id))
                .where(one_of(connection, _c.sku, chunk))
            )
            rows = connection.execute(query).all()
        for output, draft, state, asked_at, kept_at, *facts in rows:
            clip = clip_from(facts)
            attempt = _Attempt(clip, draft, state in DELIVERED, max(asked_at, kept_at or asked_at))
            found.setdefault(_place(clip, output), []).append(attempt)
    return {place: _as_last_asked(there) for place, there in found.items()}


def _as_last_asked(attempts: Sequence[_Attempt]) -> list[_Attempt]:
    latest: dict[str, datetime] = {}
    for one in attempts:
        latest[one.clip.clip_id] = max(one.moment, latest.get(one.clip.clip_id, one.moment))
    return [replace(one, moment=latest[one.clip.clip_id]) for one in attempts]


def _place(clip: Clip, output: str) -> _Place:
    return clip.sku, clip.request.aspect_ratio.value, clip.variant, output
