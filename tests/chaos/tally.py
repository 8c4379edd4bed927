"""What a proof has tried and found, added up over all its worlds, and the lines in which it is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from tests.chaos.judge import Verdict

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """One for all proofs; each adds its own counts and every verdict."""

    worlds: int = 0
    kill_points: int = 0  # line events at which a worker was killed
    kill_lines: set[str] = field(default_factory=set)  # the different lines among them
    system_calls: Counter[str] = field(default_factory=Counter)  # kills before or after each
    schedules: int = 0
    faults: Counter[str] = field(default_factory=Counter)  # injected, by kind
    accepted: int = 0
    billed_usd: Decimal = Decimal(0)
    paid_twice_usd: Decimal = Decimal(0)
    lost: int = 0
    ledger_minus_journal_usd: Decimal = Decimal(0)  # sum of absolute differences: they must not cancel out
    caps_exceeded: int = 0
    controls: dict[str, bool] = field(default_factory=dict)  # broken on purpose: whether the judge saw it
    broken: list[str] = field(default_factory=list)

    def add(self, what: str, verdict: Verdict) -> None:
        """Count one judged world; ``what`` says how to have it again."""
        self.worlds += 1
        self.faults += verdict.faults
        self.accepted += verdict.accepted
        self.billed_usd += verdict.billed_usd
        self.paid_twice_usd += verdict.paid_twice_usd
        self.lost += verdict.lost
        self.ledger_minus_journal_usd += abs(verdict.ledger_minus_journal_usd)
        self.caps_exceeded += verdict.caps_exceeded
        self.broken += [f"{what}: {sentence}" for sentence in verdict.broken]

    def fail(self, what: str, error: BaseException) -> None:
        """Count one world that could not be judged: that is no success."""
        self.worlds += 1
        self.broken.append(f"{what}: could not be judged: {type(error).__name__}: {error}")

    def take_in(self, other: Tally) -> None:
        """Add all that another one has counted."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            united = name in ("kill_lines", "controls")  # the others are counts and lists
            setattr(self, name, mine | theirs if united else mine + theirs)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values, to be read back by :meth:`from_json`."""
        return {**self.to_dict(), "kill_lines": sorted(self.kill_lines)}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` wrote."""
        fresh = cls()
        return cls(**{name: type(getattr(fresh, name))(facts[name]) for name in cls.__slots__})

    def to_dict(self) -> dict[str, Any]:
        """All of it for machines; amounts are exact decimals in strings."""
        facts = {name: _for_machines(getattr(self, name)) for name in self.__slots__}
        return {**facts, "kill_lines": len(self.kill_lines)}

    def __str__(self) -> str:
        rows = {
            "worlds": f"{self.worlds:,}",
            "kill points tried": f"{self.kill_points:,} line events on {len(self.kill_lines):,} lines",
            "kills at system calls": f"{self.system_calls.total():,} ({_each(self.system_calls)})",
            "schedules tried": f"{self.schedules:,}",
            "faults injected": f"{self.faults.total():,} ({_each(self.faults)})",
            "submits accepted by the simulator": f"{self.accepted:,}",
            "dollars billed": f"{self.billed_usd:,.2f}",
            "dollars paid twice": f"{self.paid_twice_usd:,.2f}",
            "videos lost": f"{self.lost:,}",
            "ledger minus journal": f"{self.ledger_minus_journal_usd:,.2f}",
            "caps exceeded": f"{self.caps_exceeded:,}",
            "controls that made the proof fail": f"{sum(self.controls.values())} of {len(self.controls)}",
            "promises broken": f"{len(self.broken):,}",
        }
        return "\n".join(f"{name:36}{value}" for name, value in rows.items())


def _each(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def _for_machines(fact: Any) -> Any:
    return str(fact) if isinstance(fact, Decimal) else fact
