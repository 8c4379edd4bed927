"""Budgets: what each run, day and month has promised and paid. Every change is one conditional update.

The rows are kept for all three scopes whether or not a cap is set, so that a cap set later counts what
was spent before it. Rows are always touched in the order run, day, month, so that no two transactions
can wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Connection, and_, bindparam, select, update

from reelmill.errors import RaiseCap
from reelmill.ledger.database import Database
from reelmill.ledger.records import ZERO, Budget, BudgetScope, Caps
from reelmill.ledger.schema import budgets
from reelmill.ledger.types import Usd, show_usd, to_micros
from reelmill.ledger.upsert import insert_or_leave

__all__ = ["BudgetKeys", "book", "budget", "correct", "read_budget", "reserve", "spend"]

_b = budgets.c
_THIS = and_(_b.scope == bindparam("b_scope"), _b.key == bindparam("b_key"))
_ASKED = bindparam("b_asked", type_=Usd)

_RESERVE = update(budgets).where(_THIS).values(reserved=_b.reserved + _ASKED)
_RESERVE_WITHIN = _RESERVE.where(_b.reserved + _b.spent + _ASKED <= bindparam("b_cap", type_=Usd))
_BOOK = (
    update(budgets)
    .where(_THIS)
    .values(
        reserved=_b.reserved - bindparam("b_freed", type_=Usd),
        spent=_b.spent + bindparam("b_paid", type_=Usd),
    )
)
_CORRECT = update(budgets).where(_THIS).values(spent=_b.spent + bindparam("b_change", type_=BigInteger))
_READ = select(_b.reserved, _b.spent).where(_THIS)


@dataclass(frozen=True, slots=True)
class BudgetKeys:
    """The three budgets that one intent counts against."""

    run_id: str
    day: str
    month: str

    @classmethod
    def at(cls, run_id: str, now: datetime) -> BudgetKeys:
        """Those of an authorisation made ``now`` (UTC)."""
        return cls(run_id, now.strftime("%Y-%m-%d"), now.strftime("%Y-%m"))

    def items(self) -> tuple[tuple[BudgetScope, str], ...]:
        """Scope and key, in the order in which they are always locked."""
        return (BudgetScope.RUN, self.run_id), (BudgetScope.DAY, self.day), (BudgetScope.MONTH, self.month)


def reserve(connection: Connection, keys: BudgetKeys, asked: Decimal, caps: Caps) -> None:
    """Reserve ``asked`` USD in all three. Raises RaiseCap, upon which the caller's transaction must roll back."""
    limits = (caps.run_usd, caps.day_usd, caps.month_usd)
    for (scope, key), cap in zip(keys.items(), limits, strict=True):
        values = {"b_scope": scope, "b_key": key, "b_asked": asked}
        if cap is not None:
            values["b_cap"] = cap
        statement = _RESERVE if cap is None else _RESERVE_WITHIN
        if connection.execute(statement, values).rowcount == 1:
            continue
        _make(connection, scope, key)
        if connection.execute(statement, values).rowcount != 1:
            assert cap is not None  # without a cap an existing row always takes it
            raise _over(read_budget(connection, scope, key), cap, asked)


def book(connection: Connection, keys: BudgetKeys, *, freed: Decimal, paid: Decimal) -> None:
    """Free a reservation and add what was paid, in USD, in the very budgets that it was reserved in."""
    for scope, key in keys.items():
        connection.execute(_BOOK, {"b_scope": scope, "b_key": key, "b_freed": freed, "b_paid": paid})


def correct(connection: Connection, keys: BudgetKeys, *, counted: Decimal, paid: Decimal) -> None:
    """Replace what was counted as spent by what was really paid, in USD, in the budgets where it was counted."""
    change = to_micros(paid) - to_micros(counted)
    for scope, key in keys.items():
        connection.execute(_CORRECT, {"b_scope": scope, "b_key": key, "b_change": change})


def spend(connection: Connection, paid: Mapping[tuple[BudgetScope, str], Decimal]) -> None:
    """Add what was paid without ever having been reserved here, in USD by scope and key."""
    for scope in BudgetScope:  # the order in which they are always locked
        for key in sorted(key for of, key in paid if of is scope):
            _make(connection, scope, key)
            booked = {"b_scope": scope, "b_key": key, "b_freed": ZERO, "b_paid": paid[scope, key]}
            connection.execute(_BOOK, booked)


def budget(database: Database, scope: BudgetScope, key: str) -> Budget:
    """What one run, day (``2026-07-01``) or month (``2026-07``) has promised and paid."""
    with database.reading() as connection:
        return read_budget(connection, scope, key)


def read_budget(connection: Connection, scope: BudgetScope, key: str) -> Budget:
    """The same within a transaction."""
    row = connection.execute(_READ, {"b_scope": scope, "b_key": key}).first()
    reserved, spent = (ZERO, ZERO) if row is None else row
    return Budget(scope=scope, key=key, reserved_usd=reserved, spent_usd=spent)


def _make(connection: Connection, scope: BudgetScope, key: str) -> None:
    """The row, if another process has not made it already."""
    row = {"scope": scope, "key": key, "reserved": ZERO, "spent": ZERO}
    insert_or_leave(connection, budgets, row)


def _over(now: Budget, cap: Decimal, asked: Decimal) -> RaiseCap:
    wait = "" if now.scope is BudgetScope.RUN else f", or wait until the {now.scope.value} is over (UTC)"
    return RaiseCap(
        f"The {now.scope.value} cap of {show_usd(cap)} USD ({now.key}) would be passed: "
        f"{show_usd(now.spent_usd)} spent, {show_usd(now.reserved_usd)} reserved, {show_usd(asked)} asked.",
        f"Raise cap_{now.scope.value}_usd{wait}; then run the same command again.",
    )
