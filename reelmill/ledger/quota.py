"""The shared pace: a generic cell rate algorithm (GCRA) in one row per quota key.

One atomic update hands every caller its own next moment to send, so that all processes and machines
together keep to the quota without polling each other. The interval is 60 s / quota plus 1 %: any quota + 1
sends then span 60.6 s. A caller that comes late may use a slot up to 0.3 s old. Hence no 60 seconds ever
see more than the quota, even if its server counts them by a clock that jitters a little.

All of it is integer microseconds, exact on both databases. PostgreSQL uses its own clock, so that machines
with different ones agree; SQLite is on one machine and uses that machine's.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, select, text, update

from reelmill.errors import FixConfiguration
from reelmill.ledger.database import Database
from reelmill.ledger.schema import quota
from reelmill.ledger.upsert import insert_or_leave

__all__ = ["blocked_for", "next_slot", "throttle", "unthrottle"]

_HEADROOM = 1.01
_TOLERANCE_US = 300_000
_CLOCK_WENT_BACK_US = 5_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# If the clock was set back by more than some jitter, the slots and the penalty move back with it: nobody waits an
# hour for a moment that was promised by a wrong clock.
_BACK = "CASE WHEN seen_us - {now} > :went_back THEN seen_us - {now} ELSE 0 END"
_NEXT = """
    UPDATE quota
    SET tat_us = {later}(tat_us - {back}, {now} - :tolerance) + :interval,
        blocked_until_us = blocked_until_us - {back},
        seen_us = {now}
    WHERE key = :key
    RETURNING tat_us - :interval - seen_us
"""


def _next(later: str, now: str) -> TextClause:
    return text(_NEXT.format(later=later, now=now, back=_BACK.format(now=now)))


_NEXT_SQLITE = _next("max", ":now")
_NEXT_POSTGRESQL = _next("greatest", "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")
_NEXT_POSTGRESQL_AT = _next("greatest", "CAST(:now AS bigint)")

_ROW = select(quota.c.tat_us, quota.c.streak, quota.c.blocked_until_us).where(quota.c.key == bindparam("this"))


def next_slot(database: Database, key: str, per_minute: float) -> float:
    """Reserve the next slot; returns the seconds to wait for it, 0 or more.

    Raises FixConfiguration for a quota that is not above 0.
    """
    if not (math.isfinite(per_minute) and per_minute > 0):
        raise FixConfiguration(f"A quota of {per_minute} a minute is no pace.", "Set quota_per_minute above 0.")
    values = {
        "key": key,
        "interval": math.ceil(60_000_000 * _HEADROOM / per_minute),
        "tolerance": _TOLERANCE_US,
        "went_back": _CLOCK_WENT_BACK_US,
    }
    with database.writing() as connection:
        statement = _statement(database)
        if statement is not _NEXT_POSTGRESQL:
            values["now"] = _now_us(database, connection)
        wait_us = connection.execute(statement, values).scalar()
        if wait_us is None:
            _make(connection, key)
            wait_us = connection.execute(statement, values).scalar_one()
    return max(0, int(wait_us)) / 1_000_000


def throttle(database: Database, key: str, *, first_s: float, max_s: float) -> float:
    """A 429: nobody gets a slot for a while. Returns that while, in seconds.

    Each new penalty in a row doubles, from ``first_s`` to ``max_s``; a 429 during a penalty is part of it.
    """
    with database.writing() as connection:
        row = _locked(connection, key)
        now = _now_us(database, connection)
        left: int = row.blocked_until_us - now
        if 0 < left <= max_s * 1_000_000:
            return left / 1_000_000
        doubled: float = first_s * 2 ** min(row.streak, 40)
        wait_us = round(min(max_s, doubled) * 1_000_000)
        values = {
            "tat_us": max(row.tat_us, now + wait_us),
            "streak": row.streak + 1,
            "blocked_until_us": now + wait_us,
        }
        connection.execute(update(quota).where(quota.c.key == key).values(values))
    return wait_us / 1_000_000


def unthrottle(database: Database, key: str) -> None:
    """A submit was accepted: the next penalty starts small again. Costs no write when there is nothing to reset."""
    with database.reading() as connection:
        row = connection.execute(_ROW, {"this": key}).first()
    if row is not None and row.streak:
        with database.writing() as connection:
            connection.execute(update(quota).where(quota.c.key == key).values(streak=0))


def blocked_for(database: Database, key: str) -> float:
    """Seconds that the present penalty still lasts, 0 if there is none; asked by those who hold an older slot."""
    with database.reading() as connection:
        row = connection.execute(_ROW, {"this": key}).first()
        now = _now_us(database, connection)
    left: int = 0 if row is None else row.blocked_until_us - now
    return max(0, left) / 1_000_000


def _statement(database: Database) -> TextClause:
    if database.is_sqlite:
        return _NEXT_SQLITE
    return _NEXT_POSTGRESQL if database.clock is None else _NEXT_POSTGRESQL_AT


def _now_us(database: Database, connection: Connection) -> int:
    return (database.now(connection) - _EPOCH) // timedelta(microseconds=1)


def _make(connection: Connection, key: str) -> None:
    """The key's row, if another process has not made it already."""
    row = {"key": key, "tat_us": 0, "seen_us": 0, "streak": 0, "blocked_until_us": 0}
    insert_or_leave(connection, quota, row)


def _locked(connection: Connection, key: str) -> Any:
    row = connection.execute(_ROW.with_for_update(), {"this": key}).first()
    if row is None:
        _make(connection, key)
        row = connection.execute(_ROW.with_for_update(), {"this": key}).one()
    return row
