"""What a run or an output adds up to, for the command line, artifacts and people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from reelmill.ledger.tallying import Dimension, Group

__all__ = ["USUAL", "Breakdown", "Summary", "summarise"]

USUAL = (Dimension.CATEGORY, Dimension.PLATFORM, Dimension.TEMPLATE, Dimension.MODEL)
"""What a summary is broken down by unless it is told."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The dearest values of one dimension, and how many ``more`` there are."""

    groups: dict[str, Group]
    more: int = 0


@dataclass(slots=True)
class Summary:
    """Totals, by state, and the breakdowns that were asked for.

    A clip that serves several platforms counts for each of them, and they share its money evenly: the money of
    every breakdown sums to the total, the attempts by platform may be more. A clip that was tried several times
    counts once in ``clips`` and as often in ``total.attempts``. ``inspections`` are attempts by verdict,
    ``decisions`` delivered ones by what a person decided about them, and those that are ``undecided``.
    """

    run_id: str | None = None
    output: str | None = None
    clips: int = 0
    total: Group = field(default_factory=Group)
    by_state: dict[str, Group] = field(default_factory=dict)
    by: dict[Dimension, Breakdown] = field(default_factory=dict)
    inspections: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)
    needs_person: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The summary for machines. Money stays Decimal: whoever writes JSON decides how it looks."""
        return {
            "run_id": self.run_id,
            "output": self.output,
            "clips": self.clips,
            **self.total.to_dict(),
            "needs_person": self.needs_person,
            "inspections": dict(sorted(self.inspections.items())),
            "decisions": dict(sorted(self.decisions.items())),
            "by_state": {state: group.to_dict() for state, group in self.by_state.items()},
            **{
                f"by_{dimension}": {key: group.to_dict() for key, group in breakdown.groups.items()}
                for dimension, breakdown in self.by.items()
            },
        }


def summarise(
    ledger: Ledger,
    *,
    run_id: str | None = None,
    output: str | None = None,
    by: Collection[Dimension] = USUAL,
    top: int | None = None,
) -> Summary:
    """Add up the attempts of a run, of an output root, or of the whole ledger; the database does it.

    ``top`` bounds the values that are kept of each breakdown, the dearest.
    """
    summary = Summary(run_id=run_id, output=output, clips=ledger.count_clips(run_id=run_id, output=output))
    states = dict(ledger.tally(Dimension.STATE, run_id=run_id, output=output))
    summary.by_state = {state.value: states[state.value] for state in State if state.value in states}
    for state, group in summary.by_state.items():
        summary.total += group
        summary.needs_person += group.attempts if State(state).needs_person else 0
    summary.inspections = ledger.verdicts(run_id=run_id, output=output)
    summary.decisions = ledger.decided(run_id=run_id, output=output)
    for dimension in by:
        summary.by[dimension] = _first(ledger.tally(dimension, run_id=run_id, output=output), top)
    return summary


def _first(groups: Iterable[tuple[str, Group]], top: int | None) -> Breakdown:
    rest = iter(groups)
    return Breakdown(dict(islice(rest, top)), sum(1 for _ in rest))
