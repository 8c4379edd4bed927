"""Which paid videos may leave, and which have left. What was paid for them stays in the books for ever.

Of each clip, the latest delivered attempt and the latest fit one always stay: the first is what the plan counts as
delivered, the second what a shop can use. Delivered attempts are final, so what may leave once may always leave.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select, update

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.orphans import orphans
from reelmill.ledger.reading import read_intents
from reelmill.ledger.records import Intent, RemovalKind
from reelmill.ledger.rows import INTENT_COLUMNS, intent_from
from reelmill.ledger.schema import intents, removals
from reelmill.ledger.states import DELIVERED
from reelmill.ledger.upsert import insert_or_leave

__all__ = ["Leaving", "begin_removals", "end_removal", "leaving", "of_no_use", "removed_at", "unended_removals"]

_CHUNK = 500
_i, _r = intents.c, removals.c
Keep = Mapping[RemovalKind, int | None]
"""Days that each kind is kept after it came to be of no use; None, or no word of it, is for ever."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A delivered attempt that is of no use any more: why, and ``since`` when."""

    clip: Clip
    intent: Intent
    kind: RemovalKind
    since: datetime


def of_no_use(attempts: Sequence[Intent]) -> dict[str, tuple[RemovalKind, datetime]]:
    """Of all attempts at one clip, the ids of those that are of no use, why, and since when."""
    delivered = sorted((one for one in attempts if one.state.delivered), key=lambda one: one.attempt)
    fit = [one for one in delivered if not one.unfit]
    found = {}
    for one in delivered:
        later = [other for other in (delivered if one.unfit else fit) if other.attempt > one.attempt]
        if later:
            kind = RemovalKind.UNFIT if one.unfit else RemovalKind.ORPHAN
            found[one.intent_id] = (kind, max(_end(one), min(map(_end, later))))
    return found


def leaving(database: Database, *, output: str, keep: Keep) -> Iterator[Leaving]:
    """What is of no use for longer than it is to be kept, and is still there; oldest attempts first, streamed."""
    with database.reading() as connection:
        now = database.now(connection)
    superseded = orphans(database, output=output)
    for chunk in chunks(superseded, _CHUNK):
        with database.reading() as connection:
            useless = _useless(connection, {clip.clip_id for clip, _ in chunk})
        for clip, intent in chunk:
            kind, since = useless.get(intent.intent_id, (None, now))
            if kind is not None and _is_due(kind, since, keep, now):
                yield Leaving(clip, intent, kind, since)


def begin_removals(database: Database, chosen: Collection[Intent], *, keep: Keep) -> set[str]:
    """Write down that these will be removed, before the first object goes; the ids of those that may go.

    Each is judged once more in the same transaction; one that is of use, or was begun before, is left out.
    """
    asked = {intent.intent_id for intent in chosen}
    with database.writing() as connection:
        now = database.now(connection)
        useless = _useless(connection, {intent.clip_id for intent in chosen})
        due = {id_: kind for id_, (kind, since) in useless.items() if id_ in asked and _is_due(kind, since, keep, now)}
        rows = [
            {"intent_id": id_, "kind": kind, "begun_at": now, "ended_at": None} for id_, kind in sorted(due.items())
        ]
        if rows:
            insert_or_leave(connection, removals, rows)
    return set(due)


def unended_removals(database: Database, *, output: str) -> Iterator[tuple[Clip, Intent]]:
    """Attempts whose removal was begun and not ended: some of their objects may still be there."""
    begun = exists().where(_r.intent_id == _i.intent_id, _r.ended_at.is_(None))
    return read_intents(database, states=DELIVERED, run_id=None, output=output, also=[begun])


def end_removal(database: Database, intent_id: str) -> None:
    """Nothing but its record is left."""
    with database.writing() as connection:
        ended = {"ended_at": database.now(connection)}
        connection.execute(update(removals).where(_r.intent_id == intent_id, _r.ended_at.is_(None)).values(**ended))


def removed_at(database: Database, *, run_id: str) -> dict[str, datetime]:
    """When the removal of each attempt of a run began, by intent; the others are there."""
    query = select(_r.intent_id, _r.begun_at).join(intents, _i.intent_id == _r.intent_id).where(_i.run_id == run_id)
    with database.reading() as connection:
        return {row.intent_id: row.begun_at for row in connection.execute(query)}


def _useless(connection: Connection, clip_ids: Collection[str]) -> dict[str, tuple[RemovalKind, datetime]]:
    found: dict[str, tuple[RemovalKind, datetime]] = {}
    for chunk in chunks(sorted(clip_ids), _CHUNK):
        these = (one_of(connection, _i.clip_id, chunk), _i.state.in_(DELIVERED))
        attempts: dict[str, list[Intent]] = {}
        for intent in map(intent_from, connection.execute(select(*INTENT_COLUMNS).where(*these))):
            attempts.setdefault(intent.clip_id, []).append(intent)
        for of_clip in attempts.values():
            found |= of_no_use(of_clip)
    return found


def _is_due(kind: RemovalKind, since: datetime, keep: Keep, now: datetime) -> bool:
    days = keep.get(kind)
    return days is not None and since + timedelta(days=days) <= now


def _end(intent: Intent) -> datetime:
    return intent.finished_at or intent.created_at
