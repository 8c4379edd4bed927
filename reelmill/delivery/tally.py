"""Counting what was looked at for handing over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reelmill.delivery.lack import Lack

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """What was looked at: ``clips`` and ``films`` with a video, those ``replaced`` by a changed clip, and ``withheld``.

    ``drafts`` are never handed over, whatever people decided about them; nor are those of the ``other_stage``:
    rehearsed ones among bought ones, or the other way round. ``lacking`` counts by reason and
    platform the files that cannot be handed over, because there is none that the platform may be given.
    """

    clips: int = 0
    films: int = 0
    replaced: int = 0
    withheld: int = 0
    drafts: int = 0
    other_stage: int = 0
    retired: int = 0
    deliverables: int = 0
    lacking: Counter[tuple[Lack, str]] = field(default_factory=Counter)

    @property
    def unrendered(self) -> Counter[str]:
        """By platform, the files that cannot be handed over, whatever the reason."""
        counts: Counter[str] = Counter()
        for (_, platform), number in self.lacking.items():
            counts[platform] += number
        return +counts

    def left_out(self) -> Iterator[tuple[str, str]]:
        """For each reason, how many files are left out for which platforms, and why; and the remedy."""
        if self.other_stage:
            why = "they were made in a rehearsal and this is none, or the other way round"
            yield f"{self.other_stage} clips or films left out: {why}.", "Set vertex_base_url as it was for them."
        for lack, found in self._by_lack():
            listed = ", ".join(f"{platform} ({number})" for platform, number in found.items())
            yield f"Left out for {listed}: {lack.words}.", lack.remedy

    def _by_lack(self) -> Iterator[tuple[Lack, dict[str, int]]]:
        for lack in Lack:
            found = {name: number for (why, name), number in sorted(self.lacking.items()) if why is lack and number}
            if found:
                yield lack, found

    def to_dict(self) -> dict[str, Any]:
        """The counts for machines."""
        return {
            "clips": self.clips,
            "films": self.films,
            "replaced": self.replaced,
            "withheld": self.withheld,
            "drafts": self.drafts,
            "other_stage": self.other_stage,
            "retired": self.retired,
            "deliverables": self.deliverables,
            "unrendered": dict(sorted(self.unrendered.items())),
            "unrendered_because": {lack.value: found for lack, found in self._by_lack()},
        }
