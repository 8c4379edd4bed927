"""What a run or an output adds up to, for the command line, artifacts and people."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reelmill.clip import Clip
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Intent, Review
from reelmill.ledger.states import State
from reelmill.money import split_evenly

__all__ = ["Group", "Summary", "summarise"]

_ZERO = Decimal(0)
_CHUNK = 1000


@dataclass(slots=True)
class Group:
    """Attempts that have something in common: how many, how many delivered, USD paid and USD still promised."""

    attempts: int = 0
    delivered: int = 0
    spent_usd: Decimal = _ZERO
    reserved_usd: Decimal = _ZERO

    def add(self, intent: Intent, *, spent_usd: Decimal, reserved_usd: Decimal) -> None:
        """Count one intent with its share of the money."""
        self.attempts += 1
        self.delivered += intent.state.delivered
        self.spent_usd += spent_usd
        self.reserved_usd += reserved_usd

    def to_dict(self) -> dict[str, Any]:
        """The group for machines; money stays Decimal."""
        return {
            "attempts": self.attempts,
            "delivered": self.delivered,
            "spent_usd": self.spent_usd,
            "reserved_usd": self.reserved_usd,
        }


@dataclass(slots=True)
class Summary:
    """Totals, and the same by state, category, platform and model.

    A clip that serves several platforms counts for each of them, and they share its money evenly: the money of
    every breakdown sums to the total, the attempts of ``by_platform`` may be more. A clip that was tried several
    times counts once in ``clips`` and as often in ``total.attempts``. ``decisions`` counts delivered attempts by
    what a person decided about them, and those that are ``undecided``.
    """

    run_id: str | None = None
    output: str | None = None
    clips: int = 0
    total: Group = field(default_factory=Group)
    by_state: dict[str, Group] = field(default_factory=dict)
    by_category: dict[str, Group] = field(default_factory=dict)
    by_platform: dict[str, Group] = field(default_factory=dict)
    by_model: dict[str, Group] = field(default_factory=dict)
    inspections: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)
    needs_person: int = 0

    def add(self, clip: Clip, intent: Intent, review: Review | None = None) -> None:
        """Count one intent; ``review`` is the decision that counts, if there is one."""
        spent, reserved = intent.charged_usd, intent.reserved_usd
        self.total.add(intent, spent_usd=spent, reserved_usd=reserved)
        for groups, key in (
            (self.by_state, intent.state.value),
            (self.by_category, clip.category),
            (self.by_model, clip.request.model),
        ):
            groups.setdefault(key, Group()).add(intent, spent_usd=spent, reserved_usd=reserved)
        paid, promised = split_evenly(spent, clip.platforms), split_evenly(reserved, clip.platforms)
        for platform in clip.platforms:
            group = self.by_platform.setdefault(platform, Group())
            group.add(intent, spent_usd=paid[platform], reserved_usd=promised[platform])
        if intent.inspection is not None:
            status = str(intent.inspection.get("status", ""))
            self.inspections[status] = self.inspections.get(status, 0) + 1
        if intent.state.delivered:
            decision = "undecided" if review is None else review.decision.value
            self.decisions[decision] = self.decisions.get(decision, 0) + 1
        self.needs_person += intent.state.needs_person

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
            "by_state": {state.value: self.by_state[state].to_dict() for state in State if state in self.by_state},
            "by_category": _plain(self.by_category),
            "by_platform": _plain(self.by_platform),
            "by_model": _plain(self.by_model),
        }


def summarise(ledger: Ledger, *, run_id: str | None = None, output: str | None = None) -> Summary:
    """Add up the intents of a run, of an output root, or of the whole ledger; streamed, memory stays flat."""
    summary = Summary(run_id=run_id, output=output, clips=ledger.count_clips(run_id=run_id, output=output))
    for chunk in chunks(ledger.intents(run_id=run_id, output=output), _CHUNK):
        decisions = ledger.decisions_of([intent.intent_id for _, intent in chunk])
        for clip, intent in chunk:
            summary.add(clip, intent, decisions.get(intent.intent_id))
    return summary


def _plain(groups: dict[str, Group]) -> dict[str, Any]:
    return {key: group.to_dict() for key, group in sorted(groups.items())}
