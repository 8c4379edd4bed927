"""Noticing when a budget passes 50, 80 and 100 percent of its cap, each once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from reelmill.errors import RaiseCap
from reelmill.jobs.engine import Engine
from reelmill.ledger.records import BudgetScope

__all__ = ["PERCENTS", "Passed", "Thresholds"]

PERCENTS = (50, 80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A budget that has just passed ``percent`` of its cap. ``committed_usd`` is spent plus reserved, in USD."""

    scope: BudgetScope
    key: str
    percent: int
    committed_usd: Decimal
    spent_usd: Decimal
    cap_usd: Decimal


@dataclass(slots=True)
class Thresholds:
    """Watches the caps in force for one run. What was passed before it began is not told again."""

    engine: Engine
    run_id: str
    _told: set[tuple[BudgetScope, str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for _ in self.passed():
            pass

    def passed(self) -> Iterator[Passed]:
        """The thresholds passed since the last look. Reads the ledger.

        A cap that stopped the run, the one with the least room left, counts as reached although the last clip did not
        fit below it.
        """
        standing = list(self._standing())
        least = min((cap - committed for _, _, committed, _, cap in standing), default=Decimal(0))
        stopped = isinstance(self.engine.stop.error, RaiseCap)
        for scope, key, committed, spent, cap in standing:
            for percent in PERCENTS:
                reached = committed * 100 >= percent * cap or (stopped and cap - committed == least)
                if reached and (scope, key, percent) not in self._told:
                    self._told.add((scope, key, percent))
                    yield Passed(
                        scope=scope, key=key, percent=percent, committed_usd=committed, spent_usd=spent, cap_usd=cap
                    )

    def _standing(self) -> Iterator[tuple[BudgetScope, str, Decimal, Decimal, Decimal]]:
        """Every budget with a cap above zero: scope, key, committed, spent and cap in USD."""
        ledger, caps = self.engine.ledger, self.engine.caps
        now = ledger.now()
        for scope, key, cap in (
            (BudgetScope.RUN, self.run_id, caps.run_usd),
            (BudgetScope.DAY, f"{now:%Y-%m-%d}", caps.day_usd),
            (BudgetScope.MONTH, f"{now:%Y-%m}", caps.month_usd),
        ):
            if cap:
                budget = ledger.budget(scope, key)
                committed = budget.spent_usd + budget.reserved_usd
                yield scope, key, committed, budget.spent_usd, cap
