"""Counting clips for metrics: totals by model, category, template and state that only ever rise, cheaply.

A ledger may hold millions of intents, and a scrape comes every few seconds. What has ended never changes, so it is
added up once: first all of it, then what ended since. Only intents that are open, and those of the last minutes,
are read anew each time. Whatever came in another way (a rebuilt ledger, a restored one) shows in the number of
intents; then everything is added up afresh.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    true,
)

from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.records import ZERO
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import State

__all__ = ["ClipKind", "ClipTotal", "Counts", "TotalKey"]

_LATE = timedelta(minutes=10)
"""Longer than any transaction of ours: no intent comes into the ledger with an older time of creation."""

_OPEN_ENDED = [state for state in State if not state.final]
_MADE = (State.SUCCEEDED, State.PARTIAL)  # taken for certain, also if the answer to the submit was lost
_IDS = 5000
_SECONDS_A_DAY = 86_400

_i, _c = intents.c, clips.c


@dataclass(frozen=True, slots=True)
class ClipKind:
    """What clips are counted by. ``category`` is the first level of the product's."""

    model: str
    category: str
    template: str
    template_version: str


@dataclass(frozen=True, slots=True)
class TotalKey:
    """One total: a kind, a state, and the number of the bucket that the generation time falls into (None: none)."""

    kind: ClipKind
    state: State
    bucket: int | None


@dataclass(frozen=True, slots=True)
class ClipTotal:
    """How many intents, how many of them Google took, definite refusals, USD charged, and seconds of generation."""

    clips: int = 0
    accepted: int = 0
    refusals: int = 0
    charged_usd: Decimal = ZERO
    seconds: float = 0.0

    def __add__(self, other: ClipTotal) -> ClipTotal:
        return ClipTotal(
            self.clips + other.clips,
            self.accepted + other.accepted,
            self.refusals + other.refusals,
            self.charged_usd + other.charged_usd,
            self.seconds + other.seconds,
        )


_Totals = dict[TotalKey, ClipTotal]


@dataclass(slots=True)
class Counts:
    """The totals of one ledger, kept up to date. ``bounds`` part generation times into buckets, in seconds."""

    database: Database
    bounds: tuple[float, ...]
    part: int = 20_000  # intents that the first read sorts at once
    _ended: _Totals = field(default_factory=dict)  # created before the horizon, and ended
    _open: set[str] = field(default_factory=set)  # created before the horizon, and not ended
    _horizon: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> Mapping[TotalKey, ClipTotal]:
        """The totals of all intents at one moment. Raises TryLater, FixAccess."""
        with self._lock, self.database.snapshot() as connection:
            everything = connection.execute(select(func.count()).select_from(intents)).scalar_one()
            totals = self._totals(connection)
            if sum(total.clips for total in totals.values()) != everything:
                self._horizon = None
                totals = self._totals(connection)
            return totals

    def _totals(self, connection: Connection) -> _Totals:
        horizon = self.database.now(connection) - _LATE
        going_on = self._read(connection, _i.state.in_(_OPEN_ENDED))
        old = select(_i.intent_id).where(_i.state.in_(_OPEN_ENDED), _i.created_at < horizon)
        still_open = set(connection.execute(old).scalars())
        if self._horizon is None:
            self._ended = {}
            for part in self._parts(connection, horizon):
                _add(self._ended, _ended(self._read(connection, part)))
        else:
            for ids in chunks(self._open - still_open, _IDS):
                _add(self._ended, _ended(self._read(connection, one_of(connection, _i.intent_id, ids))))
            since = and_(_i.created_at >= self._horizon, _i.created_at < horizon)
            _add(self._ended, _ended(self._read(connection, since)))
        self._horizon, self._open = horizon, still_open
        totals = dict(self._ended)
        _add(totals, _ended(self._read(connection, _i.created_at >= horizon)))
        _add(totals, going_on)
        return totals

    def _parts(self, connection: Connection, until: datetime) -> Iterator[ColumnElement[bool]]:
        """All that was created before ``until``: at once for PostgreSQL, which counts into a hash table.

        SQLite sorts what it groups, on disk if it is much: for it in parts that stay in the processor's cache.
        """
        since: datetime | None = None
        while self.database.is_sqlite:
            begins = _i.created_at >= since if since is not None else true()
            later = _i.created_at > since if since is not None else true()
            following = select(_i.created_at).where(later, _i.created_at < until)
            end = connection.execute(following.order_by(_i.created_at).offset(self.part).limit(1)).scalar()
            if end is None:
                break
            yield and_(begins, _i.created_at < end)
            since = end
        yield and_(_i.created_at >= since if since is not None else true(), _i.created_at < until)

    def _read(self, connection: Connection, which: ColumnElement[bool]) -> _Totals:
        return _read(connection, self._grouped(which))

    def _grouped(self, which: ColumnElement[bool]) -> Select[Any]:
        """The totals of the intents that ``which`` is true for."""
        sqlite = self.database.is_sqlite
        rows = (
            select(
                _i.model,
                _top_category(sqlite=sqlite).label("category"),
                _c.template,
                _c.template_version,
                _i.state,
                _i.submitted_at,
                _i.refusals,
                case((_i.state.in_(_OPEN_ENDED), literal(ZERO, _i.charged.type)), else_=_i.charged).label(
                    "charged"
                ),  # a verdict's may still fall
                _seconds(sqlite=sqlite).label("seconds"),
            )
            .select_from(intents.join(clips, _c.clip_id == _i.clip_id))
            .where(which)
        )
        if sqlite:  # or it would work the seconds out again for each bound that they are compared with
            rows = rows.offset(0)
        row = rows.subquery().c
        bucket = case(
            (row.seconds.is_(None), None),
            *((row.seconds <= bound, number) for number, bound in enumerate(self.bounds)),
            else_=len(self.bounds),
        )
        key = (row.model, row.category, row.template, row.template_version, row.state, bucket.label("bucket"))
        return select(
            *key,
            func.count(),
            func.count(case((or_(row.submitted_at.is_not(None), row.state.in_(_MADE)), 1))),
            func.sum(row.refusals),
            func.sum(row.charged),
            func.sum(row.seconds),
        ).group_by(*key)


def _seconds(*, sqlite: bool) -> ColumnElement[float]:
    """From the accepted submit to the end; NULL without one of them."""
    if sqlite:
        return (func.julianday(_i.finished_at) - func.julianday(_i.submitted_at)) * _SECONDS_A_DAY
    return cast(extract("epoch", _i.finished_at - _i.submitted_at), Float)


def _top_category(*, sqlite: bool) -> ColumnElement[str]:
    """What stands before the first `` > ``."""
    if sqlite:
        return func.substr(_c.category, 1, func.instr(_c.category.concat(" > "), " > ") - 1)
    return func.split_part(_c.category, " > ", 1)


def _read(connection: Connection, query: Select[Any]) -> _Totals:
    found: _Totals = {}
    for (
        model,
        category,
        template,
        version,
        state,
        bucket,
        number,
        accepted,
        refusals,
        charged,
        seconds,
    ) in connection.execute(query):
        key = TotalKey(ClipKind(model, category, template, version), state, bucket)
        found[key] = ClipTotal(number, accepted, int(refusals), charged, float(seconds or 0.0))
    return found


def _ended(totals: _Totals) -> _Totals:
    return {key: total for key, total in totals.items() if key.state.final}


def _add(totals: _Totals, more: _Totals) -> None:
    for key, total in more.items():
        totals[key] = totals.get(key, ClipTotal()) + total
