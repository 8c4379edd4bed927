"""The outbox: what is to be told, taken under a lease by whoever has time to send it.

Two senders never take the same delivery at once. One that dies between sending and saying so leaves its lease to
lapse, and the delivery is sent again under the same id: at least once, never forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, select, update

from reelmill.ledger.database import Database
from reelmill.ledger.listed import one_of
from reelmill.ledger.records import Delivery, DeliveryStatus
from reelmill.ledger.schema import deliveries, pauses
from reelmill.ledger.upsert import insert_or_leave

__all__ = [
    "bury",
    "count_deliveries",
    "delivered",
    "give_back",
    "hold_back",
    "list_deliveries",
    "put_off",
    "redrive",
    "take_due",
]

_d, _p = deliveries.c, pauses.c
_PENDING = _d.status == DeliveryStatus.PENDING
_EVERYBODY = "deliveries"


def _held(now: datetime) -> ColumnElement[bool]:
    """Whether the receiver's pause lasts."""
    return exists().where(_p.what == _EVERYBODY, _p.until > now)


def take_due(database: Database, *, holder: str, lease_s: float, limit: int) -> list[Delivery]:
    """Deliveries that are due now, the longest due first, become ``holder``'s to send for ``lease_s`` seconds.

    Each counts as one more try. When nothing is due, nothing is written and nobody waits.
    """
    with database.reading() as connection:
        now = database.now(connection)
        due = and_(_PENDING, _d.next_at <= now, ~_held(now))
        if connection.execute(select(_d.delivery_id).where(due).limit(1)).first() is None:
            return []
    with database.writing() as connection:
        now = database.now(connection)
        query = (
            select(_d.delivery_id)
            .where(_PENDING, _d.next_at <= now, ~_held(now))
            .order_by(_d.next_at, _d.delivery_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        taken = list(connection.execute(query).scalars())
        if not taken:
            return []
        statement = (
            update(deliveries)
            .where(one_of(connection, _d.delivery_id, taken))
            .values(holder=holder, next_at=now + timedelta(seconds=lease_s), tries=_d.tries + 1)
            .returning(*_d)
        )
        rows = connection.execute(statement).all()
    return sorted((Delivery(**row._mapping) for row in rows), key=lambda one: (one.created_at, one.delivery_id))  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def delivered(database: Database, delivery_id: str) -> None:
    """The receiver has it, whoever holds it meanwhile."""
    with database.writing() as connection:
        values = {"status": DeliveryStatus.DELIVERED, "ended_at": database.now(connection), "holder": "", "error": ""}
        connection.execute(update(deliveries).where(_d.delivery_id == delivery_id).values(**values))


def put_off(database: Database, delivery_id: str, *, holder: str, pause_s: float, error: str) -> bool:
    """A try failed: due again after ``pause_s`` seconds. False if ``holder`` does not hold it any more."""
    with database.writing() as connection:
        later = database.now(connection) + timedelta(seconds=pause_s)
        mine = and_(_d.delivery_id == delivery_id, _d.holder == holder, _PENDING)
        values = {"next_at": later, "holder": "", "error": error}
        return connection.execute(update(deliveries).where(mine).values(**values)).rowcount == 1


def give_back(database: Database, delivery_id: str, *, holder: str) -> bool:
    """A try was cut short by us: it does not count, and is due again now. False if ``holder`` does not hold it."""
    with database.writing() as connection:
        mine = and_(_d.delivery_id == delivery_id, _d.holder == holder, _PENDING)
        values = {"next_at": database.now(connection), "holder": "", "tries": _d.tries - 1}
        return connection.execute(update(deliveries).where(mine).values(**values)).rowcount == 1


def bury(database: Database, delivery_id: str, *, holder: str, error: str) -> bool:
    """No more tries: a dead letter, until a person redrives it. False if ``holder`` does not hold it any more."""
    with database.writing() as connection:
        mine = and_(_d.delivery_id == delivery_id, _d.holder == holder, _PENDING)
        values = {"status": DeliveryStatus.DEAD, "ended_at": database.now(connection), "holder": "", "error": error}
        return connection.execute(update(deliveries).where(mine).values(**values)).rowcount == 1


def hold_back(database: Database, seconds: float) -> None:
    """The receiver asked for a pause: nothing is taken before it is over, whatever ends or fails meanwhile."""
    with database.writing() as connection:
        until = database.now(connection) + timedelta(seconds=seconds)
        waiting = and_(_PENDING, _d.next_at < until)
        connection.execute(update(deliveries).where(waiting).values(next_at=until))
        insert_or_leave(connection, pauses, {"what": _EVERYBODY, "until": until})
        shorter = and_(_p.what == _EVERYBODY, _p.until < until)
        connection.execute(update(pauses).where(shorter).values(until=until))


def redrive(database: Database, delivery_ids: Collection[str] | None = None) -> int:
    """Dead letters (those named, or all) are due again with all their tries, under their old ids; how many.

    Whoever asks for it knows that the receiver is mended: no pause that it asked for before counts any more.
    """
    with database.writing() as connection:
        chosen: ColumnElement[bool] = _d.status == DeliveryStatus.DEAD
        if delivery_ids is not None:
            chosen = and_(chosen, one_of(connection, _d.delivery_id, delivery_ids))
        connection.execute(delete(pauses).where(_p.what == _EVERYBODY))
        values = {"status": DeliveryStatus.PENDING, "tries": 0, "next_at": database.now(connection), "ended_at": None}
        return connection.execute(update(deliveries).where(chosen).values(**values)).rowcount


def list_deliveries(
    database: Database, *, statuses: Collection[DeliveryStatus], limit: int | None = None
) -> list[Delivery]:
    """Dead ones first, then the longest waiting."""
    dead_first = case((_d.status == DeliveryStatus.DEAD, 0), else_=1)
    query = select(deliveries).where(_d.status.in_(statuses)).order_by(dead_first, _d.created_at, _d.delivery_id)
    with database.reading() as connection:
        return [Delivery(**row._mapping) for row in connection.execute(query.limit(limit))]  # noqa: SLF001 - as above


def count_deliveries(database: Database) -> dict[DeliveryStatus, int]:
    """How many there are of each status."""
    query = select(_d.status, func.count()).group_by(_d.status)
    with database.reading() as connection:
        return dict(connection.execute(query).tuples().all())
