"""Reading the ledger: single records, and streams that stay flat in memory however long they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.listed import Lookup, chunks, mostly, one_of
from reelmill.ledger.records import Charge, Intent, Standing, StateTotal
from reelmill.ledger.rows import (
    CHARGE_COLUMNS,
    CLIP_COLUMNS,
    INTENT_COLUMNS,
    charge_from,
    clip_from,
    intent_from,
)
from reelmill.ledger.schema import charges, clips, intents
from reelmill.ledger.states import State

__all__ = [
    "IS_LATEST",
    "among",
    "count_clips",
    "read_charges",
    "read_clip",
    "read_clips",
    "read_intent",
    "read_intents",
    "standings",
    "stream",
    "totals",
]

_CHUNK = 1000
_STANDINGS_CHUNK = 5000
_CLIP_WIDTH = len(CLIP_COLUMNS)

IS_LATEST = clips.c.latest_intent_id == intents.c.intent_id
"""Condition of :func:`read_intents`: only the latest attempt at each clip."""

_STANDING = tuple(field.name for field in fields(Standing))
_LATEST = Lookup(
    "c.clip_id, c.latest_attempt, i.state, i.error_code, i.intent_id, i.output, i.softening, i.run_id, "
    "c.price, c.sale_price, i.remake, i.draft, CAST(c.platforms AS TEXT)",  # in the order of Standing's fields
    "JOIN clips AS c ON c.clip_id = asked.key JOIN intents AS i ON i.intent_id = c.latest_intent_id",
)


def read_intent(database: Database, intent_id: str) -> Intent | None:
    """One intent."""
    with database.reading() as connection:
        row = connection.execute(select(*INTENT_COLUMNS).where(intents.c.intent_id == intent_id)).first()
    return None if row is None else intent_from(row)


def read_clip(database: Database, clip_id: str) -> Clip | None:
    """One clip, as it was last described."""
    with database.reading() as connection:
        row = connection.execute(select(*CLIP_COLUMNS).where(clips.c.clip_id == clip_id)).first()
    return None if row is None else clip_from(row)


def read_clips(database: Database, clip_ids: Collection[str]) -> dict[str, Clip]:
    """Those of these clips that are known, by id."""
    found: dict[str, Clip] = {}
    for chunk in chunks(clip_ids, _CHUNK):
        with database.reading() as connection:
            rows = connection.execute(select(*CLIP_COLUMNS).where(one_of(connection, clips.c.clip_id, chunk)))
            found |= {clip.clip_id: clip for clip in map(clip_from, rows)}
    return found


def standings(database: Database, clip_ids: Collection[str]) -> dict[str, Standing]:
    """Where the latest attempt of each clip stands; clips never authorised are left out."""
    found: dict[str, Standing] = {}
    for chunk in chunks(clip_ids, _STANDINGS_CHUNK):
        with database.reading() as connection:
            for row in _LATEST.rows(connection, chunk):
                values = dict(zip(_STANDING, row, strict=True))
                told = {"state": State(values["state"]), "draft": bool(values["draft"])}
                platforms = tuple(orjson.loads(values["platforms"]))
                found[row[0]] = Standing(**values | told | {"platforms": platforms})
    return found


def read_intents(
    database: Database,
    *,
    states: Collection[State] | None,
    run_id: str | None,
    output: str | None,
    limit: int | None = None,
    also: Sequence[ColumnElement[bool]] = (),
) -> Iterator[tuple[Clip, Intent]]:
    """Intents with their clips, oldest first; ``also`` are further conditions on both tables."""
    which = among(run_id, output)
    if states is not None:
        if not any(state.final for state in states):  # few of what there ever was
            which = [mostly(condition) for condition in which]
        which.append(intents.c.state.in_(list(states)))
    query = (
        select(*CLIP_COLUMNS, *INTENT_COLUMNS)
        .select_from(intents.join(clips, clips.c.clip_id == intents.c.clip_id))
        .where(*which, *also)
    )
    for row in stream(database, query, intents.c.created_at, intents.c.intent_id, limit):
        yield clip_from(row[:_CLIP_WIDTH]), intent_from(row[_CLIP_WIDTH:-2])


def read_charges(database: Database, *, run_id: str | None) -> Iterator[tuple[Clip, Charge]]:
    """Charges with their clips, oldest first."""
    query = select(*CLIP_COLUMNS, *CHARGE_COLUMNS).select_from(
        charges.join(clips, clips.c.clip_id == charges.c.clip_id)
    )
    if run_id is not None:
        query = query.where(charges.c.run_id == run_id)
    for row in stream(database, query, charges.c.charged_at, charges.c.intent_id, None):
        yield clip_from(row[:_CLIP_WIDTH]), charge_from(row[_CLIP_WIDTH:-2])


def stream(
    database: Database, query: Select[Any], moment: ColumnElement[Any], key: ColumnElement[Any], limit: int | None
) -> Iterator[Any]:
    """Rows by moment and key, a chunk per transaction; each row carries both again at its end."""
    query = query.add_columns(moment.label("at_moment"), key.label("at_key")).order_by(moment, key)
    after = query
    left = limit
    while left is None or left > 0:
        size = _CHUNK if left is None else min(_CHUNK, left)
        with database.reading() as connection:
            rows = connection.execute(after.limit(size)).all()
        yield from rows
        if len(rows) < size:
            return
        if left is not None:
            left -= size
        after = query.where(tuple_(moment, key) > tuple_(*_typed(rows[-1], moment, key)))


def _typed(row: Any, moment: ColumnElement[Any], key: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    return literal(row.at_moment, moment.type), literal(row.at_key, key.type)


def totals(database: Database, *, output: str | None, run_id: str | None) -> dict[State, StateTotal]:
    """Intents and money (USD) by state; states without any are left out."""
    present = func.sum(case((IS_LATEST, 1), else_=0))
    query = (
        select(intents.c.state, func.count(), present, func.sum(intents.c.reserved), func.sum(intents.c.charged))
        .select_from(intents.join(clips, clips.c.clip_id == intents.c.clip_id))
        .where(*among(run_id, output))
        .group_by(intents.c.state)
    )
    with database.reading() as connection:
        return {
            state: StateTotal(clips=count, present=int(latest), reserved_usd=reserved, charged_usd=charged)
            for state, count, latest, reserved, charged in connection.execute(query)
        }


def count_clips(database: Database, *, output: str | None, run_id: str | None) -> int:
    """How many clips the intents are for; several attempts at one clip count once."""
    query = select(func.count(func.distinct(intents.c.clip_id))).where(*among(run_id, output))
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def among(run_id: str | None, output: str | None) -> list[ColumnElement[bool]]:
    """The conditions on intents for a run, an output, or the whole ledger."""
    conditions: list[ColumnElement[bool]] = []
    if run_id is not None:
        conditions.append(intents.c.run_id == run_id)
    if output is not None:
        conditions.append(intents.c.output == output)
    return conditions
