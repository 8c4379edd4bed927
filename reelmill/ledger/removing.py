"""Which paid videos may leave, and which have left. What was paid for them stays in the books for ever.

What a person approved always stays. Of each clip, the latest delivered attempt and the latest fit one stay, unless a
person rejected them: the first is what the plan counts as delivered, the second what a shop can use. One that is to be
remade stays until another is there, but takes nobody's place. A draft was made to be looked at: it stays only if it
was picked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, exists, or_, select, update

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, lock_in_order, mostly, one_of
from reelmill.ledger.orphans import SUPERSEDED, THERE
from reelmill.ledger.reading import read_intents
from reelmill.ledger.records import Decision, Intent, RemovalKind, Review
from reelmill.ledger.reviews import decisions_in
from reelmill.ledger.rows import INTENT_COLUMNS, intent_from
from reelmill.ledger.schema import intents, removals, reviews
from reelmill.ledger.states import DELIVERED
from reelmill.ledger.upsert import insert_or_leave

__all__ = [
    "Leaving",
    "Reason",
    "begin_removals",
    "end_removal",
    "leaving",
    "of_no_use",
    "removed",
    "removed_at",
    "unended_removals",
]

_CHUNK = 500
_i, _r = intents.c, removals.c

Keep = Mapping[RemovalKind, int | None]
"""Days that each kind is kept after it came to be of no use; None, or no word of it, is for ever."""

_UNDECIDED: Mapping[str, Review] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an attempt is of no use, and ``since`` when."""

    kind: RemovalKind
    since: datetime


@dataclass(frozen=True, slots=True)
class Leaving:
    """A delivered attempt that is of no use any more: why, and ``since`` when."""

    clip: Clip
    intent: Intent
    kind: RemovalKind
    since: datetime


def of_no_use(
    attempts: Sequence[Intent], decisions: Mapping[str, Review] = _UNDECIDED
) -> dict[str, tuple[Reason, ...]]:
    """Of all attempts at one clip in one output, the ids of those of no use, with the reasons.

    ``decisions`` are by intent. One that nobody has looked at may be unfit: it takes the place of a fit one only where
    nobody has looked at any.
    """
    delivered = sorted((one for one in attempts if one.state.delivered), key=lambda one: one.attempt)
    unwanted = {id_ for id_, review in decisions.items() if review.decision.unwanted}
    looked_at = [one for one in delivered if one.inspection is not None]
    usable = [one for one in looked_at or delivered if not one.unfit and one.intent_id not in unwanted]
    found = {}
    for one in delivered:
        review = decisions.get(one.intent_id)
        later = [other for other in (delivered if one.unfit else usable) if other.attempt > one.attempt]
        if reasons := tuple(_reasons(one, review, later)):
            found[one.intent_id] = reasons
    return found


def _reasons(one: Intent, review: Review | None, later: Sequence[Intent]) -> Iterator[Reason]:
    """Why a delivered attempt is of no use; ``later`` are those that take its place."""
    if review is not None and review.decision is Decision.APPROVE:
        return
    if later:
        kind = RemovalKind.UNFIT if one.unfit else RemovalKind.ORPHAN
        yield Reason(kind, max(_end(one), min(map(_end, later))))
    if review is not None and review.decision is Decision.REJECT:
        yield Reason(RemovalKind.REJECTED, review.decided_at)
    if one.draft:
        yield Reason(RemovalKind.DRAFT, _end(one))


def leaving(database: Database, *, output: str, keep: Keep) -> Iterator[Leaving]:
    """What is of no use for longer than it is to be kept, and is still there; oldest attempts first, streamed."""
    with database.reading() as connection:
        now = database.now(connection)
    for chunk in chunks(_candidates(database, output), _CHUNK):
        with database.reading() as connection:
            useless = _useless(connection, {clip.clip_id for clip, _ in chunk})
        for clip, intent in chunk:
            due = _due(useless.get(intent.intent_id, ()), keep, now)
            if due is not None:
                yield Leaving(clip, intent, due.kind, due.since)


def _candidates(database: Database, output: str) -> Iterator[tuple[Clip, Intent]]:
    """Attempts that may be of no use, and are still there: narrowed down in the database, judged one by one after."""
    rejected = exists().where(reviews.c.intent_id == _i.intent_id, reviews.c.decision == Decision.REJECT)
    also = (or_(SUPERSEDED, rejected, _i.draft), THERE)
    return read_intents(database, states=DELIVERED, run_id=None, output=output, also=also)


def begin_removals(database: Database, chosen: Collection[Intent], *, keep: Keep) -> set[str]:
    """Write down that these will be removed, before the first object goes; the ids of those that may go.

    Each is judged once more in the same transaction; one that is of use, or was begun before, is left out.
    """
    asked = {intent.intent_id for intent in chosen}
    with database.writing() as connection:
        now = database.now(connection)
        # Locked where a database locks rows, as decisions lock them: nothing is approved meanwhile.
        for chunk in chunks(sorted(asked), _CHUNK):
            lock_in_order(connection, _i.intent_id, one_of(connection, _i.intent_id, chunk))
        useless = _useless(connection, {intent.clip_id for intent in chosen})
        reasons = {id_: _due(found, keep, now) for id_, found in useless.items() if id_ in asked}
        due = {id_: reason.kind for id_, reason in reasons.items() if reason is not None}
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


def removed(database: Database, intent_ids: Collection[str]) -> set[str]:
    """Those of these attempts whose removal began."""
    found: set[str] = set()
    for chunk in chunks(sorted(intent_ids), _CHUNK):
        with database.reading() as connection:
            query = select(_r.intent_id).where(one_of(connection, _r.intent_id, chunk))
            found.update(connection.execute(query).scalars())
    return found


def removed_at(database: Database, *, run_id: str) -> dict[str, datetime]:
    """When the removal of each attempt of a run began, by intent; the others are there."""
    query = select(_r.intent_id, _r.begun_at).join(intents, _i.intent_id == _r.intent_id).where(_i.run_id == run_id)
    with database.reading() as connection:
        return {row.intent_id: row.begun_at for row in connection.execute(query)}


def _useless(connection: Connection, clip_ids: Collection[str]) -> dict[str, tuple[Reason, ...]]:
    found: dict[str, tuple[Reason, ...]] = {}
    for chunk in chunks(sorted(clip_ids), _CHUNK):
        these = (one_of(connection, _i.clip_id, chunk), mostly(_i.state.in_(DELIVERED)))
        attempts: dict[tuple[str, str], list[Intent]] = {}  # what lies in another output is no replacement
        for intent in map(intent_from, connection.execute(select(*INTENT_COLUMNS).where(*these))):
            attempts.setdefault((intent.clip_id, intent.output), []).append(intent)
        decisions = decisions_in(connection, [one.intent_id for of_clip in attempts.values() for one in of_clip])
        for of_clip in attempts.values():
            found |= of_no_use(of_clip, decisions)
    return found


def _due(reasons: Sequence[Reason], keep: Keep, now: datetime) -> Reason | None:
    """The first reason for which it was kept long enough."""
    for reason in reasons:
        days = keep.get(reason.kind)
        if days is not None and reason.since + timedelta(days=days) <= now:
            return reason
    return None


def _end(intent: Intent) -> datetime:
    return intent.finished_at or intent.created_at
