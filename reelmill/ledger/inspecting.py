"""Delivered clips whose videos nobody has looked at yet: who looks at them, and what that found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_, update

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import mostly, one_of
from reelmill.ledger.locked import LockedIntent
from reelmill.ledger.orphans import THERE
from reelmill.ledger.reading import read_intents
from reelmill.ledger.records import Intent
from reelmill.ledger.schema import intents
from reelmill.ledger.states import DELIVERED

__all__ = ["Inspected", "count_unseen", "keep_looking", "record_inspection", "take_unseen"]

_i = intents.c
_UNSEEN = and_(mostly(_i.state.in_(DELIVERED)), _i.inspection.is_(None), THERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What looking at a delivered clip's videos found, and the addresses of what was made of them, by platform."""

    inspection: Mapping[str, Any]
    poster_uri: str | None = None
    renditions: Mapping[str, str] = field(default_factory=dict)


def take_unseen(
    database: Database,
    *,
    owner: str,
    lease_s: float,
    output: str,
    run_id: str | None,
    limit: int,
    after: Intent | None = None,
) -> list[tuple[Clip, Intent]]:
    """Unseen clips that nobody holds become ``owner``'s to look at, oldest first. Two workers never get the same.

    With ``after`` those younger than that one: who takes many need not walk through what was seen each time.
    """
    wanted = _unseen(output, run_id) + ([] if after is None else [_younger(after)])
    with database.writing() as connection:
        now = database.now(connection)
        query = select(_i.intent_id).where(*wanted, _i.lease_until <= now).order_by(_i.created_at, _i.intent_id)
        taken = list(connection.execute(query.limit(limit).with_for_update(skip_locked=True)).scalars())
        if not taken:
            return []
        held = {"owner": owner, "lease_until": now + timedelta(seconds=lease_s)}
        connection.execute(update(intents).where(one_of(connection, _i.intent_id, taken)).values(**held))
    with database.reading() as connection:
        mine = [one_of(connection, _i.intent_id, taken), _i.owner == owner]
    return list(read_intents(database, states=None, run_id=None, output=None, also=mine))


def count_unseen(database: Database, *, output: str, run_id: str | None) -> int:
    """How many delivered clips nobody has looked at, whoever holds them."""
    with database.reading() as connection:
        query = select(func.count()).select_from(intents).where(*_unseen(output, run_id))
        return connection.execute(query).scalar_one()


def _unseen(output: str, run_id: str | None) -> list[ColumnElement[bool]]:
    return [_UNSEEN, _i.output == output, *([_i.run_id == run_id] if run_id is not None else [])]


def _younger(than: Intent) -> ColumnElement[bool]:
    last = literal(than.created_at, _i.created_at.type), literal(than.intent_id, _i.intent_id.type)
    return tuple_(_i.created_at, _i.intent_id) > tuple_(*last)


def keep_looking(database: Database, intent_ids: Collection[str], *, owner: str, lease_s: float) -> None:
    """Show a sign of life for unseen clips that ``owner`` still holds."""
    with database.writing() as connection:
        lease = database.now(connection) + timedelta(seconds=lease_s)
        mine = and_(one_of(connection, _i.intent_id, intent_ids), _i.owner == owner, _UNSEEN)
        connection.execute(update(intents).where(mine).values(lease_until=lease))


def record_inspection(database: Database, intent_id: str, found: Inspected) -> bool:
    """Keep what looking found, and the files that were made. False if it was looked at before, or is not delivered."""
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        if not held.state.delivered or held.intent.inspection is not None:
            return False
        held.note(
            inspection=found.inspection,
            poster_uri=found.poster_uri,
            renditions=found.renditions,
            lease_until=database.now(connection),
        )
        return True
