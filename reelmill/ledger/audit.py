"""Auditing: what the books say against what they must say, recomputed from intents and charges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import BigInteger, Column, Connection, and_, exists, func, not_, or_, select, type_coerce

from reelmill.ledger.database import Database
from reelmill.ledger.records import ZERO, BudgetScope, Decision, RemovalKind
from reelmill.ledger.schema import budgets, charges, clips, intents, removals, reviews, verdicts
from reelmill.ledger.states import DELIVERED, PICTURE_UNREACHABLE, UNRECORDED, State, VerdictState
from reelmill.ledger.types import show_usd

__all__ = ["audit"]

_HOLDING = [state for state in State if state.holds_reservation]
_NAMED = [State.SUBMITTED, State.EXPIRED]
_KEYS: dict[BudgetScope, Column[str]] = {
    BudgetScope.RUN: intents.c.run_id,
    BudgetScope.DAY: intents.c.day_key,
    BudgetScope.MONTH: intents.c.month_key,
}
_i = intents.c
_c = charges.c
_v = verdicts.c
_VERDICT_KEYS: dict[BudgetScope, Column[str]] = {
    BudgetScope.RUN: _v.run_id,
    BudgetScope.DAY: _v.day_key,
    BudgetScope.MONTH: _v.month_key,
}
_JUDGED = select(_v.intent_id, func.sum(_v.charged).label("charged")).group_by(_v.intent_id).subquery()


def audit(database: Database) -> list[str]:
    """Every contradiction as a sentence, all seen at one moment; an empty list is a clean ledger."""
    with database.snapshot() as connection:
        return [
            *_budgets(connection),
            *_reservations(connection),
            *_charges(connection),
            *_verdicts(connection),
            *_latest_attempts(connection),
            *_retries(connection),
            *_remakes(connection),
            *_removals(connection),
        ]


def _budgets(connection: Connection) -> Iterator[str]:
    """Each budget equals the sum of its intents, charges and verdicts."""
    kept = {(row.scope, row.key): (row.reserved, row.spent) for row in connection.execute(select(budgets))}
    due: dict[tuple[BudgetScope, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for scope, column in _KEYS.items():
        paid = func.coalesce(func.sum(_c.amount), 0, type_=_c.amount.type)
        query = (
            select(column, func.sum(_i.reserved), paid)
            .select_from(intents.outerjoin(charges, _c.intent_id == _i.intent_id))
            .group_by(column)
        )
        for key, reserved, spent in connection.execute(query):
            due[scope, key] = (reserved, spent)
        judged = _VERDICT_KEYS[scope]
        for key, spent in connection.execute(select(judged, func.sum(_v.charged)).group_by(judged)):
            due[scope, key] = (due[scope, key][0], due[scope, key][1] + spent)
    for scope, key in sorted({*kept, *due}):
        had, must = kept.get((scope, key), (ZERO, ZERO)), due[scope, key]
        for what, is_, should in zip(("reserved", "spent"), had, must, strict=True):
            if is_ != should:
                yield (
                    f"Budget of {scope.value} {key}: {show_usd(is_)} USD {what}, "
                    f"but its intents and charges come to {show_usd(should)} USD."
                )


def _reservations(connection: Connection) -> Iterator[str]:
    """An intent reserves its whole price while it may be paid, and nothing afterwards."""
    price = _i.unit_price * _i.seconds * _i.samples
    wrong = or_(
        and_(_i.state.in_(_HOLDING), _i.reserved != price), and_(_i.state.not_in(_HOLDING), _i.reserved != ZERO)
    )
    for row in connection.execute(select(_i.intent_id, _i.state, _i.reserved).where(wrong)):
        yield f"Intent {row.intent_id} is {row.state.value} and reserves {show_usd(row.reserved)} USD."
    nameless = and_(_i.state.in_(_NAMED), _i.operation.is_(None))
    for row in connection.execute(select(_i.intent_id, _i.state).where(nameless)):
        yield f"Intent {row.intent_id} is {row.state.value} without the name of its operation."


def _charges(connection: Connection) -> Iterator[str]:
    """Delivered intents, and only they, have one charge, of exactly their price; verdicts come on top."""
    paid = _c.unit_price * _c.seconds * _c.returned
    judged = func.coalesce(_JUDGED.c.charged, 0, type_=_c.amount.type)
    both = intents.outerjoin(charges, _c.intent_id == _i.intent_id).outerjoin(
        _JUDGED, _JUDGED.c.intent_id == _i.intent_id
    )
    wrong = or_(
        and_(_i.state.in_(DELIVERED), _c.intent_id.is_(None)),
        and_(_i.state.not_in(DELIVERED), _c.intent_id.is_not(None)),
        _c.amount != paid,
        _i.charged != func.coalesce(_c.amount, 0, type_=_c.amount.type) + judged,
    )
    query = select(_i.intent_id, _i.state, _i.charged, _c.amount, _JUDGED.c.charged.label("judged"))
    for row in connection.execute(query.select_from(both).where(wrong)):
        charge = "no charge" if row.amount is None else f"a charge of {show_usd(row.amount)} USD"
        charge += f" and verdicts for {show_usd(row.judged)} USD" if row.judged else ""
        yield f"Intent {row.intent_id} is {row.state.value}, says {show_usd(row.charged)} USD, and has {charge}."


def _verdicts(connection: Connection) -> Iterator[str]:
    """A verdict is charged at its most until its tokens are known, then exactly by these, and nothing if refused."""
    million = 1_000_000
    read, written, charged = (type_coerce(money, BigInteger) for money in (_v.input_price, _v.output_price, _v.charged))
    used = read * _v.input_tokens + written * _v.output_tokens  # in millionths of a millionth of a dollar
    unknown = or_(_v.input_tokens.is_(None), _v.output_tokens.is_(None))
    at_most = _v.state.in_([VerdictState.ASKED, VerdictState.UNCLEAR])
    wrong = or_(
        and_(at_most, _v.charged != _v.most),
        and_(_v.state == VerdictState.REFUSED, _v.charged != ZERO),
        and_(
            _v.state == VerdictState.ANSWERED,
            or_(unknown, charged * million < used, charged * million >= used + million),
        ),
    )
    for row in connection.execute(select(_v.verdict_id, _v.state, _v.charged).where(wrong)):
        yield f"Verdict {row.verdict_id} is {row.state.value} and charged {show_usd(row.charged)} USD."


def _latest_attempts(connection: Connection) -> Iterator[str]:
    """Each clip points at its last attempt, and its attempts are numbered without gaps."""
    of_clip = (
        select(_i.clip_id, func.max(_i.attempt).label("last"), func.count().label("count"))
        .group_by(_i.clip_id)
        .subquery()
    )
    latest = intents.alias("latest")
    query = (
        select(clips.c.clip_id, clips.c.latest_attempt, of_clip.c.last, of_clip.c.count, latest.c.attempt)
        .select_from(
            clips.outerjoin(of_clip, of_clip.c.clip_id == clips.c.clip_id).outerjoin(
                latest, and_(latest.c.intent_id == clips.c.latest_intent_id, latest.c.clip_id == clips.c.clip_id)
            )
        )
        .where(
            or_(
                clips.c.latest_attempt != func.coalesce(of_clip.c.last, 0),
                clips.c.latest_attempt != func.coalesce(of_clip.c.count, 0),
                clips.c.latest_attempt != func.coalesce(latest.c.attempt, 0),
            )
        )
    )
    for row in connection.execute(query):
        yield f"Clip {row.clip_id} says {row.latest_attempt} attempts; its intents say {row.last or 0}."


def _retries(connection: Connection) -> Iterator[str]:
    """A softened retry follows a filtered attempt of the step before, or one of its own that was unfit or not sent.

    Attempts of which a rebuilt ledger knows nothing may have been either.
    """
    before = intents.alias("before")
    unsent = or_(before.c.state == State.RELEASED, before.c.error_code == PICTURE_UNREACHABLE)
    explained = exists().where(
        before.c.clip_id == _i.clip_id,
        before.c.attempt < _i.attempt,
        or_(
            and_(before.c.state == State.FILTERED, before.c.softening == _i.softening - 1),
            and_(unsent, before.c.softening == _i.softening),
            and_(before.c.state.in_(DELIVERED), before.c.softening == _i.softening, before.c.remake == _i.remake - 1),
            before.c.error_code == UNRECORDED,
        ),
    )
    query = select(_i.intent_id, _i.softening).where(_i.softening > 0, not_(explained))
    for row in connection.execute(query):
        yield f"Intent {row.intent_id} is softened retry {row.softening}, but follows no filtered attempt before it."


def _remakes(connection: Connection) -> Iterator[str]:
    """A remake follows a delivered attempt of the count before, or one of its own count that was filtered or not sent.

    Attempts of which a rebuilt ledger knows nothing may have been either.
    """
    before = intents.alias("before")
    undelivered = or_(before.c.state.in_((State.RELEASED, State.FILTERED)), before.c.error_code == PICTURE_UNREACHABLE)
    explained = exists().where(
        before.c.clip_id == _i.clip_id,
        before.c.attempt < _i.attempt,
        or_(
            and_(before.c.state.in_(DELIVERED), before.c.remake == _i.remake - 1),
            and_(undelivered, before.c.remake == _i.remake),
            before.c.error_code == UNRECORDED,
        ),
    )
    query = select(_i.intent_id, _i.remake).where(_i.remake > 0, not_(explained))
    for row in connection.execute(query):
        yield f"Intent {row.intent_id} is remake {row.remake}, but follows no delivered attempt before it."


def _removals(connection: Connection) -> Iterator[str]:
    """Only delivered attempts are removed that a later delivered attempt superseded, or that a person rejected."""
    later = intents.alias("later")
    superseded = exists().where(
        later.c.clip_id == _i.clip_id, later.c.attempt > _i.attempt, later.c.state.in_(DELIVERED)
    )
    rejected = exists().where(
        removals.c.kind == RemovalKind.REJECTED,
        reviews.c.intent_id == _i.intent_id,
        reviews.c.decision == Decision.REJECT,
    )
    query = (
        select(_i.intent_id)
        .join(removals, removals.c.intent_id == _i.intent_id)
        .where(or_(_i.state.not_in(DELIVERED), not_(or_(superseded, rejected))))
    )
    for row in connection.execute(query):
        yield f"Intent {row.intent_id} was removed although no later attempt took its place and nobody rejected it."
