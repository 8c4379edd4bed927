"""Recovering what was paid from records outside the ledger, when the database is gone or older than they are.

What the ledger knows already always wins: nothing is changed, only what is missing is added.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from reelmill.clip import Clip
from reelmill.errors import LookFirst
from reelmill.ledger.budgets import BudgetKeys, spend
from reelmill.ledger.database import Database
from reelmill.ledger.judging import add_verdict
from reelmill.ledger.listed import chunks, mostly, one_of
from reelmill.ledger.records import ZERO, BudgetScope, Intent, RunStatus
from reelmill.ledger.rows import clip_values, intent_values
from reelmill.ledger.schema import charges, clips, intents, runs
from reelmill.ledger.states import UNRECORDED, State
from reelmill.ledger.upsert import insert_or_leave
from reelmill.ledger.verdicts import PaidVerdict

__all__ = ["PaidClip", "Recovery", "prefixes_accounted", "price_of_video", "recover"]

_CHUNK = 1000
_i = intents.c
_LOCK_CLIP = select(clips.c.latest_attempt).where(clips.c.clip_id == bindparam("this")).with_for_update()
_ATTEMPTS = select(_i.attempt, _i.intent_id, _i.error_code).where(_i.clip_id == bindparam("this"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidClip:
    """A delivered intent as a record outside the ledger has it; ``returned`` videos came back and were paid.

    The intent's own charge is that of its videos and its ``verdicts`` together.
    """

    clip: Clip
    intent: Intent
    returned: int
    run_started_at: datetime
    verdicts: tuple[PaidVerdict, ...] = ()


class Recovery(StrEnum):
    """What became of a record."""

    ADDED = "added"
    RENUMBERED = "renumbered"  # added under the next number: another intent of the clip has its own
    KNOWN = "known"


def recover(database: Database, found: Sequence[PaidClip], *, dry_run: bool = False) -> list[Recovery]:
    """Add missing runs, clips, intents and charges with their budgets, in one transaction; all of them or none.

    The charge is booked on the day and month of the authorisation. With ``dry_run`` nothing is kept.
    Raises LookFirst for a record that contradicts what the ledger holds.
    """
    results: dict[str, Recovery] = {}
    paid: dict[tuple[BudgetScope, str], Decimal] = defaultdict(lambda: ZERO)
    with database.writing() as connection:
        # Always in this order, and the budgets last: nobody can wait for us in a circle.
        for one in sorted(found, key=lambda one: (one.clip.clip_id, one.intent.attempt)):
            results[one.intent.intent_id] = _recover(connection, one, paid)
        spend(connection, paid)
        if dry_run:
            connection.rollback()
    return [results[one.intent.intent_id] for one in found]


def prefixes_accounted(database: Database, prefixes: Collection[str]) -> set[str]:
    """Those of these output prefixes whose intent the ledger holds, and holds open or paid."""
    accounted = [state for state in State if state.holds_reservation or state.delivered]
    known: set[str] = set()
    for chunk in chunks(prefixes, _CHUNK):
        with database.reading() as connection:
            listed = one_of(connection, _i.output_prefix, chunk)
            query = select(_i.output_prefix).where(listed, mostly(_i.state.in_(accounted)))
            known.update(connection.execute(query).scalars())
    return known


def price_of_video(database: Database, clip_id_start: str) -> Decimal | None:
    """What one video of the only clip whose id starts so costs, in USD; None if there is no such clip, or several."""
    column = clips.c.clip_id
    query = select(clips.c.request, clips.c.unit_price).where(column >= clip_id_start, column < f"{clip_id_start}g")
    with database.reading() as connection:
        rows = connection.execute(query.limit(2)).all()
    if len(rows) != 1:
        return None
    price: Decimal = rows[0].unit_price * rows[0].request["duration_s"]
    return price


def _recover(connection: Connection, one: PaidClip, paid: dict[tuple[BudgetScope, str], Decimal]) -> Recovery:
    intent = one.intent
    held = connection.execute(select(_i.clip_id).where(_i.intent_id == intent.intent_id)).scalar()
    if held is not None:
        return Recovery.KNOWN
    _refuse_taken_operation(connection, intent)
    _ensure_run(connection, one)
    new_clip = {**clip_values(one.clip), "latest_attempt": 0, "latest_intent_id": None}
    insert_or_leave(connection, clips, new_clip)
    latest: int = connection.execute(_LOCK_CLIP, {"this": intent.clip_id}).scalar_one()
    attempt, free = _number(connection, intent, latest)
    keys = BudgetKeys.at(intent.run_id, intent.created_at)
    _insert(connection, replace(intent, attempt=attempt), keys)
    judged = _add_verdicts(connection, one, paid)
    _charge(connection, one, attempt, intent.charged_usd - judged)
    if attempt > latest:
        _fill(connection, intent, keys, [number for number in range(1, attempt) if number in free])
        pointer = {"latest_attempt": attempt, "latest_intent_id": intent.intent_id}
        connection.execute(update(clips).where(clips.c.clip_id == intent.clip_id).values(**pointer))
    for scope in keys.items():
        paid[scope] += intent.charged_usd - judged
    return Recovery.ADDED if attempt == intent.attempt else Recovery.RENUMBERED


def _refuse_taken_operation(connection: Connection, intent: Intent) -> None:
    if intent.operation is None:
        return
    other = connection.execute(select(_i.intent_id).where(_i.operation == intent.operation)).scalar()
    if other is not None:
        raise LookFirst(
            f"Intent {intent.intent_id} names the operation of intent {other}.",
            "One operation is billed once: find out which record is false before booking it.",
        )


def _ensure_run(connection: Connection, one: PaidClip) -> None:
    """The run, as far as a clip's record tells of it."""
    row = {
        "run_id": one.intent.run_id,
        "output": one.intent.output,
        "status": RunStatus.COMPLETED,
        "parameters": {"rebuilt_from": "provenance records"},
        "counts": {},
        "planned": ZERO,
        "started_at": one.run_started_at,
        "ended_at": one.intent.finished_at,
    }
    insert_or_leave(connection, runs, row)


def _number(connection: Connection, intent: Intent, latest: int) -> tuple[int, set[int]]:
    """The attempt's number, and the numbers that no attempt has; a placeholder makes way for what it stood for."""
    taken = {row.attempt: row for row in connection.execute(_ATTEMPTS, {"this": intent.clip_id})}
    holder = taken.get(intent.attempt)
    if holder is not None and holder.error_code == UNRECORDED:
        connection.execute(delete(intents).where(_i.intent_id == holder.intent_id))
        holder = None
    attempt = intent.attempt if holder is None else latest + 1
    return attempt, set(range(1, attempt)) - taken.keys()


def _insert(connection: Connection, intent: Intent, keys: BudgetKeys) -> None:
    connection.execute(insert(intents), {**intent_values(intent), "day_key": keys.day, "month_key": keys.month})


def _add_verdicts(connection: Connection, one: PaidClip, paid: dict[tuple[BudgetScope, str], Decimal]) -> Decimal:
    """Put the verdicts back, each booked on its own day; what they cost together."""
    for verdict in one.verdicts:
        add_verdict(connection, verdict)
        for scope in BudgetKeys.at(verdict.run_id, verdict.asked_at).items():
            paid[scope] += verdict.charged_usd
    return sum((verdict.charged_usd for verdict in one.verdicts), ZERO)


def _charge(connection: Connection, one: PaidClip, attempt: int, amount: Decimal) -> None:
    intent = one.intent
    charge = {
        "intent_id": intent.intent_id,
        "clip_id": intent.clip_id,
        "run_id": intent.run_id,
        "output": intent.output,
        "attempt": attempt,
        "model": intent.model,
        "seconds": intent.seconds,
        "samples": intent.samples,
        "returned": one.returned,
        "unit_price": intent.unit_price_usd,
        "price_date": intent.price_date,
        "amount": amount,
        "operation": intent.operation,
        "charged_at": intent.finished_at,
    }
    connection.execute(insert(charges), charge)


def _fill(connection: Connection, intent: Intent, keys: BudgetKeys, missing: list[int]) -> None:
    """Attempts before this one left no record, so nothing of them was delivered: say so, and say no more."""
    for number in missing:
        blank = replace(
            intent,
            intent_id=hashlib.sha256(f"{intent.clip_id}/{number}".encode()).hexdigest()[:32],
            attempt=number,
            output_prefix=f"clips/{UNRECORDED}/{intent.clip_id}-{number}",
            state=State.FAILED,
            charged_usd=ZERO,
            operation=None,
            refusals=0,
            sending_at=None,
            submitted_at=None,
            unclear_since=None,
            error_code=UNRECORDED,
            error_message="No record of this attempt is left; videos without a record are listed by ledger rebuild.",
            video_uris=(),
            poster_uri=None,
            provenance_uri=None,
            inspection=None,
            renditions={},
            softening=0,
            sent_prompt=None,
            sent_negative_prompt=None,
            sent_video=None,
            filter_causes=(),
            remake=0,
            draft=False,
        )
        _insert(connection, blank, keys)
