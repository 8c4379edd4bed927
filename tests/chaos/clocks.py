"""Worlds in which a worker's wall clock is wrong: from the start, from some line on, or at a day's or month's end.

PostgreSQL tells its own time, so that there only a worker's own ideas of time are wrong. On SQLite the ledger's
time is that of whoever writes: leases, time stamps and the days of budgets are then wrong as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reelmill.ledger.records import BudgetScope
from tests.chaos.bank import Bank
from tests.chaos.clock import seconds_until_next_day, seconds_until_next_month
from tests.chaos.judge import Verdict, judge
from tests.chaos.tally import Tally
from tests.chaos.worker import Interference
from tests.chaos.world import PRICE_USD, World

__all__ = ["Skewed", "across_midnight", "run", "skewed"]

HOUR, DAY = 3600.0, 86_400.0
_SKEWS = (-32 * DAY, -DAY, -HOUR, -10.0, 10.0, HOUR, DAY, 32 * DAY)
_STEPS = range(200, 12_000, 900)
_TITLES = ("Bowl", "Bowl [[fault:drop_after_accept]]", "Bowl [[fault:drop_before]]", "Bowl [[fault:never_done]]")
_SETTINGS = {"REELMILL_OPERATION_DEADLINE_S": "3", "REELMILL_IN_FLIGHT": "2"}
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Skewed:
    """One worker's clock is ``clock_s`` ahead, or jumps so far at the line event ``at``; another's may be right."""

    clock_s: float
    at: int = 0
    company: bool = False

    @property
    def interference(self) -> Interference:
        """What makes it so."""
        return Interference(steps={self.at: self.clock_s}) if self.at else Interference(clock_s=self.clock_s)

    def __str__(self) -> str:
        when = f"at {self.at}" if self.at else "from the start"
        return f"clock {self.clock_s:+.0f} s {when}{', another worker is right' if self.company else ''}"


def run(
    bank: Bank,
    folder: Path,
    tally: Tally,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Every skew, alone and beside a worker that is right; jumps at many lines; days and months that end meanwhile."""
    worlds = [
        *(Skewed(clock_s=skew, company=company) for skew in _SKEWS for company in (False, True)),
        *(Skewed(clock_s=_SKEWS[number % len(_SKEWS)], at=at) for number, at in enumerate(_STEPS)),
    ]
    say(f"clocks: {len(worlds) + 2} worlds")
    for number, world in enumerate(worlds):
        try:
            tally.add(str(world), skewed(bank, folder / f"clock-{number}", world))
        except TimeoutError as error:
            tally.fail(str(world), error)
        tally.faults["clock shift"] += 1
    for name, until_then in (("a day", seconds_until_next_day), ("a month", seconds_until_next_month)):
        tally.add(f"{name} ends", across_midnight(bank, folder / name, until_then()))
        tally.faults["clock shift"] += 1


def skewed(bank: Bank, folder: Path, how: Skewed) -> Verdict:
    """Make a catalog by a worker whose clock is wrong, then let others with the right time bring it to its end."""
    titles = [f"{folder.name} {title}" for title in _TITLES]
    world = World(folder, bank, titles=titles, settings=_SETTINGS)
    workers = [world.start(interference=how.interference)]
    if how.company:
        workers.append(world.start())
    for worker in workers:
        worker.wait()
    world.look()
    world.until_quiet()
    verdict = judge(world)
    world.close()
    return verdict


def across_midnight(bank: Bank, folder: Path, seconds_until: float, at: int = 5000) -> Verdict:
    """A worker for which a day, perhaps a month, ends at the line event ``at``; a day may cost less than the catalog.

    Only for SQLite: a PostgreSQL server's midnight cannot be moved. Whoever comes later lives in the new day.
    """
    titles = [f"{folder.name} {number}" for number in range(8)]
    world = World(folder, bank, titles=titles, cap_usd=6 * PRICE_USD, settings=_SETTINGS)
    world.clock_s = seconds_until + DAY / 2
    world.start(interference=Interference(clock_s=seconds_until - _MINUTE, steps={at: _MINUTE})).wait()
    world.look()
    world.until_quiet()
    verdict = judge(world)
    verdict.broken += _booked_wrongly(world)
    world.close()
    return verdict


def _booked_wrongly(world: World) -> list[str]:
    """A clip counts on the day, and in the month, on which it was authorised, whenever it was charged."""
    spent: dict[tuple[BudgetScope, str], Decimal] = {}
    with world.ledger() as ledger:
        for _, intent in ledger.intents():
            for scope, key in ((BudgetScope.DAY, "%Y-%m-%d"), (BudgetScope.MONTH, "%Y-%m")):
                booked = scope, intent.created_at.strftime(key)
                spent[booked] = spent.get(booked, Decimal(0)) + intent.charged_usd
        return [
            f"{scope} {key} should have cost {usd}, its budget says {ledger.budget(scope, key).spent_usd}"
            for (scope, key), usd in spent.items()
            if ledger.budget(scope, key).spent_usd != usd
        ]
