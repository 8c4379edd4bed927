"""How the ledger stands at this moment, for metrics: money against caps, clips that have not ended, penalties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, case, func, select

from reelmill.ledger.budgets import BudgetKeys, read_budget
from reelmill.ledger.database import Database
from reelmill.ledger.reading import IS_LATEST
from reelmill.ledger.records import Budget, BudgetScope, Caps, RunStatus
from reelmill.ledger.runs import query_runs
from reelmill.ledger.schema import clips, intents, quota, runs
from reelmill.ledger.states import State

__all__ = ["Penalty", "Present", "ScopeMoney", "present"]

_UNENDED = [state for state in State if not state.final]


@dataclass(frozen=True, slots=True)
class ScopeMoney:
    """Money of this UTC day or month, in USD; ``cap_usd`` is None without a cap."""

    budget: Budget
    cap_usd: Decimal | None

    @property
    def headroom_usd(self) -> Decimal | None:
        """What the cap still permits, 0 or more; None without a cap."""
        if self.cap_usd is None:
            return None
        return max(Decimal(0), self.cap_usd - self.budget.spent_usd - self.budget.reserved_usd)


@dataclass(frozen=True, slots=True)
class Penalty:
    """The penalty under one quota key: seconds that it still lasts, and how many there were in a row."""

    key: str
    left_s: float
    streak: int


@dataclass(frozen=True, slots=True)
class Present:
    """One moment: clips that have not ended, and the age of the oldest unclear one in seconds, by state.

    Both count latest attempts only: who made a lost clip again has dealt with it. ``running`` are the runs that say
    that they go on.
    """

    clips: dict[State, int]
    unclear_s: dict[State, float]
    money: tuple[ScopeMoney, ...]
    penalties: tuple[Penalty, ...]
    running: int


def present(database: Database, caps: Caps) -> Present:
    """How the ledger stands now; ``caps`` count as long as no run has brought its own."""
    with database.snapshot() as connection:
        now = database.now(connection)
        counted, unclear = _unended(connection, now)
        running = select(func.count()).select_from(runs).where(runs.c.status == RunStatus.RUNNING)
        return Present(
            clips=counted,
            unclear_s=unclear,
            money=tuple(_money(connection, now, caps)),
            penalties=tuple(_penalties(connection, now)),
            running=connection.execute(running).scalar_one(),
        )


def _unended(connection: Connection, now: datetime) -> tuple[dict[State, int], dict[State, float]]:
    since = case((intents.c.state == State.EXPIRED, intents.c.submitted_at), else_=intents.c.unclear_since)
    query = (
        select(intents.c.state, func.count(), func.min(since, type_=intents.c.created_at.type))
        .select_from(intents.join(clips, clips.c.clip_id == intents.c.clip_id))
        .where(intents.c.state.in_(_UNENDED), IS_LATEST)
        .group_by(intents.c.state)
    )
    counted = dict.fromkeys(_UNENDED, 0)
    unclear = {State.UNKNOWN: 0.0, State.LOST: 0.0, State.EXPIRED: 0.0}
    for state, number, oldest in connection.execute(query):
        counted[state] = number
        if state in unclear and oldest is not None:
            unclear[state] = max(0.0, (now - oldest).total_seconds())
    return counted, unclear


def _money(connection: Connection, now: datetime, caps: Caps) -> Iterator[ScopeMoney]:
    latest = next(query_runs(connection, limit=1), None)
    in_force = caps if latest is None else latest.caps
    keys = BudgetKeys.at("", now)
    yield ScopeMoney(read_budget(connection, BudgetScope.DAY, keys.day), in_force.day_usd)
    yield ScopeMoney(read_budget(connection, BudgetScope.MONTH, keys.month), in_force.month_usd)


def _penalties(connection: Connection, now: datetime) -> Iterator[Penalty]:
    now_us = round(now.timestamp() * 1_000_000)
    for key, streak, until in connection.execute(select(quota.c.key, quota.c.streak, quota.c.blocked_until_us)):
        yield Penalty(key, max(0, until - now_us) / 1_000_000, streak)
