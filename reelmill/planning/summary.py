"""What a plan adds up to: counts, cost by category and platform, and time at the quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from reelmill.clip import Clip
from reelmill.film import Film
from reelmill.money import split_evenly
from reelmill.planning.actions import Action
from reelmill.planning.asked import Unmet
from reelmill.planning.drafts import Finals
from reelmill.planning.elsewhere import Elsewhere
from reelmill.planning.price_notes import PriceNotes
from reelmill.planning.unserved import Unserved
from reelmill.planning.words_alone import WordsAlone
from reelmill.product import Reject

__all__ = ["BlockedClip", "FilmKind", "PlanSummary", "PromptSample"]

_SAMPLES_KEPT = 50  # examples kept for people; the counts are always whole
_PROMPTS_KEPT = 5
_TYPICAL_GENERATION_S = 120  # Veo 3.1 answers in 50 s to 6 min (field runs, 2026)


@dataclass(frozen=True, slots=True)
class BlockedClip:
    """A clip that will not be made, and why."""

    clip_id: str
    sku: str
    aspect_ratio: str
    reason: str


@dataclass(frozen=True, slots=True)
class PromptSample:
    """A prompt as it would be sent."""

    sku: str
    category: str
    aspect_ratio: str
    prompt: str


@dataclass(frozen=True, slots=True)
class FilmKind:
    """What films have in common: the names of their scenes, their length in milliseconds, and their cross-fades."""

    scenes: tuple[str, ...]
    duration_ms: int
    crossfade_ms: int


@dataclass(slots=True)
class PlanSummary:
    """Running totals of a plan. Amounts are the most that the clips can cost, in USD.

    ``softened`` of the clips to make were filtered before and are retried in softer words. ``retries_usd`` is what
    further retries, up to ``filtered_retries`` of a clip, could cost beyond ``estimated_usd`` if Google billed
    filtered videos too; it says that it does not. ``remakes_usd`` is what up to ``remake_attempts`` remakes of each
    clip could cost beyond ``estimated_usd``, and is paid like any other clip. ``finals`` is set if clips are drafts.
    With a ``judge``, ``estimated_usd`` holds ``verdicts_usd``: the most that comparing each clip with its product can
    cost, ``verdict_usd`` for one. ``films`` are those with a scene to make, by what they have in common. A process
    makes at most ``in_flight`` clips at once; with ``shard_clips`` there is one process for each so many.
    ``planned_at`` is when planning began, by the ledger's clock; ``whole`` if it read the whole catalog. ``unmet`` are
    SKUs that were asked for and that the feed cannot give.
    """

    model: str
    quota_per_minute: float
    in_flight: int | None = None
    shard_clips: int = 0
    filtered_retries: int = 0
    remake_attempts: int = 0
    finals: Finals | None = None
    planned_at: datetime | None = None
    whole: bool = False
    judge: str = ""
    verdict_usd: Decimal = Decimal(0)
    warnings: list[str] = field(default_factory=list)
    products: int = 0
    unchanged_products: int = 0
    counts: Counter[Action] = field(default_factory=Counter)
    rejects: int = 0
    estimated_usd: Decimal = Decimal(0)
    verdicts_usd: Decimal = Decimal(0)
    retries_usd: Decimal = Decimal(0)
    remakes_usd: Decimal = Decimal(0)
    softened: int = 0
    films: Counter[FilmKind] = field(default_factory=Counter)
    by_category: dict[str, Decimal] = field(default_factory=dict)
    by_platform: dict[str, Decimal] = field(default_factory=dict)
    prompts: list[PromptSample] = field(default_factory=list)
    blocked: list[BlockedClip] = field(default_factory=list)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    price_notes: PriceNotes = field(default_factory=PriceNotes)
    words_alone: WordsAlone = field(default_factory=WordsAlone)
    unserved: Unserved = field(default_factory=Unserved)
    retired: list[str] = field(default_factory=list)
    reject_samples: list[Reject] = field(default_factory=list)
    unmet: Unmet = field(default_factory=Unmet)

    @property
    def clips(self) -> int:
        """Clips that the products of the feed need, whatever happens to each."""
        return self.counts[Action.MAKE] + self.counts[Action.KEEP] + self.counts[Action.BLOCKED]

    @property
    def most_usd(self) -> Decimal:
        """The most that the run can cost, with every remake that the policy allows."""
        return self.estimated_usd + self.remakes_usd

    @property
    def eta_seconds(self) -> int:
        """Seconds until the last clip is back: its turn, or a free place for it, then a typical generation."""
        return round(max(self._turn_s, self._place_s) + _TYPICAL_GENERATION_S) if self.counts[Action.MAKE] else 0

    @property
    def pace(self) -> str:
        """What that time depends on, in words: the quota, or the places of those in flight."""
        if self.in_flight is not None and self._place_s > self._turn_s:
            return f"with {self.in_flight:,} in flight"
        return f"at {self.quota_per_minute:g} a minute"

    @property
    def _turn_s(self) -> float:
        """Seconds until the last clip has its turn under the quota."""
        return (self.counts[Action.MAKE] - 1) * 60 / self.quota_per_minute

    @property
    def _place_s(self) -> float:
        """Seconds until there is a place for the last clip among those in flight."""
        make = self.counts[Action.MAKE]
        if self.in_flight is None:
            return 0
        processes = ceil(make / self.shard_clips) if self.shard_clips else 1
        return (make - 1) // (self.in_flight * max(1, processes)) * _TYPICAL_GENERATION_S

    def add_make(self, clip: Clip, *, softening: int = 0, remake: int = 0) -> None:
        """Count a clip to make, with its cost.

        ``softening`` is the how-manieth retry of a filtered one it is, ``remake`` the how-manieth remake.
        """
        self.counts[Action.MAKE] += 1
        self.price_notes.made(clip)
        self.words_alone.made(clip)
        cost = clip.estimated_usd + self.verdict_usd
        self.estimated_usd += cost
        self.verdicts_usd += self.verdict_usd
        self.retries_usd += clip.estimated_usd * max(0, self.filtered_retries - softening)
        if clip.request.seed is None:  # with a seed nothing is remade
            self.remakes_usd += cost * max(0, self.remake_attempts - remake)
        self.softened += softening > 0
        category = clip.category.partition(" > ")[0]
        if category not in self.by_category and len(self.prompts) < _PROMPTS_KEPT:
            self._keep_prompt(clip, category)
        self.by_category[category] = self.by_category.get(category, Decimal(0)) + cost
        for platform, share in split_evenly(cost, clip.platforms).items():
            self.by_platform[platform] = self.by_platform.get(platform, Decimal(0)) + share

    def _keep_prompt(self, clip: Clip, category: str) -> None:
        """One of each category, so that a person sees different ones."""
        request = clip.request
        self.prompts.append(PromptSample(clip.sku, category, request.aspect_ratio.value, request.prompt))

    def add_film(self, film: Film) -> None:
        """Count a film of which at least one scene is to be made."""
        self.films[FilmKind(tuple(s.name for s in film.scenes), film.duration_ms, film.crossfade_ms)] += 1

    def add_unchanged(self, clips: int) -> None:
        """Count a product that is as it was, with the clips that it has."""
        self.products += 1
        self.unchanged_products += 1
        self.counts[Action.KEEP] += clips

    def add_keep(self, clips: int) -> None:
        """Count clips that are there already or under way."""
        self.counts[Action.KEEP] += clips

    def add_blocked(self, clip: Clip, reason: str) -> None:
        """Count a clip that will not be made, and keep the first ones as examples."""
        self.counts[Action.BLOCKED] += 1
        if len(self.blocked) < _SAMPLES_KEPT:
            self.blocked.append(BlockedClip(clip.clip_id, clip.sku, clip.request.aspect_ratio.value, reason))

    def add_reject(self, reject: Reject) -> None:
        """Count a row that cannot be made, and keep the first ones as examples."""
        self.rejects += 1
        if len(self.reject_samples) < _SAMPLES_KEPT:
            self.reject_samples.append(reject)

    def add_retired(self, skus: Sequence[str]) -> None:
        """Count products that vanished from the feed."""
        if skus:
            self.counts[Action.RETIRE] += len(skus)
        self.retired.extend(skus[: max(0, _SAMPLES_KEPT - len(self.retired))])

    def to_dict(self) -> dict[str, Any]:
        """The plan for machines. Money stays Decimal: whoever writes JSON decides how it looks."""
        return {
            "clips": self.clips,
            "make": self.counts[Action.MAKE],
            "keep": self.counts[Action.KEEP],
            "retire": self.counts[Action.RETIRE],
            "blocked": self.counts[Action.BLOCKED],
            "rejects": self.rejects,
            "products": self.products,
            "estimated_usd": self.estimated_usd,
            "judge": self.judge,
            "verdicts_usd": self.verdicts_usd,
            "filtered_retries": self.filtered_retries,
            "retries_usd": self.retries_usd,
            "remake_attempts": self.remake_attempts,
            "remakes_usd": self.remakes_usd,
            "most_usd": self.most_usd,
            "softened": self.softened,
            "films": [
                {
                    "films": number,
                    "scenes": list(kind.scenes),
                    "duration_s": kind.duration_ms / 1000,
                    "crossfade_s": kind.crossfade_ms / 1000,
                }
                for kind, number in sorted(self.films.items(), key=lambda one: one[0].scenes)
            ],
            "finals": self.finals.to_dict() if self.finals else None,
            "eta_seconds": self.eta_seconds,
            "model": self.model,
            "quota_per_minute": self.quota_per_minute,
            "usd_by_category": dict(sorted(self.by_category.items())),
            "usd_by_platform": dict(sorted(self.by_platform.items())),
            "warnings": self.warnings,
            "prompt_samples": [
                {"sku": p.sku, "category": p.category, "aspect_ratio": p.aspect_ratio, "prompt": p.prompt}
                for p in self.prompts
            ],
            "blocked_clips": [
                {"clip_id": b.clip_id, "sku": b.sku, "aspect_ratio": b.aspect_ratio, "reason": b.reason}
                for b in self.blocked
            ],
            "elsewhere": self.elsewhere.to_dict(),
            **self.unmet.to_dict(),
            "retired_skus": self.retired,
            "reject_rows": [
                {
                    "file": r.ref.file,
                    "row": r.ref.row,
                    "sku": r.sku,
                    "field": r.field,
                    "reason": r.reason,
                    "remedy": r.remedy,
                }
                for r in self.reject_samples
            ],
        }
