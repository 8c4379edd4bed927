"""What became of a clip, as the loop, the tasks and the command line report it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

from reelmill.clip import Clip
from reelmill.ledger.records import Intent
from reelmill.ledger.states import State

__all__ = ["ClipResult", "Tally"]

_REASONS = 20
_OTHER_REASONS = "For other reasons; reelmill status and the results table have them all."


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One clip's outcome. ``charged_usd`` is what it cost, ``reserved_usd`` what it may still cost, in USD.

    ``output_prefix`` is where its videos lie or are looked for, below the output root. ``softening`` is the number
    of the retry in softer words that this is the outcome of; 0 for the clip's own words. ``remake`` is the how-manieth
    remake it is.
    """

    clip_id: str
    run_id: str
    sku: str
    aspect_ratio: str
    state: State
    charged_usd: Decimal
    detail: str
    video_uris: tuple[str, ...]
    inspection: str
    by_another_run: bool = False
    reserved_usd: Decimal = Decimal(0)
    output_prefix: str = ""
    softening: int = 0
    remake: int = 0
    poster_uri: str | None = None

    @classmethod
    def of(cls, clip: Clip, *attempts: Intent) -> ClipResult:
        """The outcome that the ledger holds: the latest of these attempts, at the cost of them all."""
        intent = attempts[-1]
        return cls(
            clip_id=clip.clip_id,
            run_id=intent.run_id,
            sku=clip.sku,
            aspect_ratio=clip.request.aspect_ratio.value,
            state=intent.state,
            charged_usd=sum((one.charged_usd for one in attempts), Decimal(0)),
            detail=intent.error_message,
            video_uris=intent.video_uris,
            inspection=str((intent.inspection or {}).get("status", "")),
            reserved_usd=sum((one.reserved_usd for one in attempts), Decimal(0)),
            output_prefix=intent.output_prefix,
            softening=intent.softening,
            remake=intent.remake,
            poster_uri=intent.poster_uri,
        )

    @classmethod
    def elsewhere(cls, clip: Clip, intent: Intent, reason: str) -> ClipResult:
        """A clip that another run holds or ended: its outcome, at no cost to this run."""
        return replace(cls.of(clip, intent), charged_usd=Decimal(0), detail=reason, by_another_run=True)

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look: not delivered whole, or delivered and found unfit.

        What was never sent needs nobody: the same command makes it.
        """
        return self.state not in (State.SUCCEEDED, State.RELEASED) or self.inspection == "fail"


@dataclass(slots=True)
class Tally:
    """Running totals over results. ``filtered`` are the reasons that safety filters gave, each with its clips.

    ``softened`` counts what was delivered after it had been filtered, in softer words; ``remade``
    what was made anew because inspection found it unfit. ``not_begun`` clips were planned and left for another run: by
    a canary, or because what they continue is not there.
    """

    counts: Counter[State] = field(default_factory=Counter)
    spent_usd: Decimal = Decimal(0)
    attention: int = 0
    by_others: int = 0
    runs: set[str] = field(default_factory=set)
    softened: int = 0
    remade: int = 0
    filtered: Counter[str] = field(default_factory=Counter)
    not_begun: int = 0

    def add(self, result: ClipResult) -> None:
        """Count one result."""
        self.by_others += result.by_another_run
        if not result.by_another_run:
            self.counts[result.state] += 1
            self.runs.add(result.run_id)
        self.spent_usd += result.charged_usd
        self.attention += result.needs_attention
        self.softened += result.softening > 0 and result.state.delivered and not result.by_another_run
        self.remade += result.remake > 0 and result.state.delivered and not result.by_another_run
        if result.state is State.FILTERED and not result.by_another_run:
            self._note_filtered(result.detail, 1)

    def _note_filtered(self, reason: str, clips: int) -> None:
        """Bounded, because reasons may quote what Google said."""
        known = reason in self.filtered or len(self.filtered) < _REASONS
        self.filtered[reason if known else _OTHER_REASONS] += clips

    def merge(self, other: Tally) -> None:
        """Count everything that another tally counted."""
        self.counts.update(other.counts)
        self.spent_usd += other.spent_usd
        self.attention += other.attention
        self.by_others += other.by_others
        self.softened += other.softened
        self.remade += other.remade
        self.not_begun += other.not_begun
        for reason, clips in other.filtered.items():
            self._note_filtered(reason, clips)
        self.runs |= other.runs
