"""Counting what was looked at for handing over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """What was looked at: ``clips`` and ``films`` with a video, those ``replaced`` by a changed clip, and ``withheld``.

    ``drafts`` are never handed over, whatever people decided about them. ``unrendered`` counts by platform what
    cannot be handed over: it wants a ratio that Veo does not make, and no rendition was made, or it is no platform of
    ``platforms.toml`` any more.
    """

    clips: int = 0
    films: int = 0
    replaced: int = 0
    withheld: int = 0
    drafts: int = 0
    retired: int = 0
    deliverables: int = 0
    unrendered: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """The counts for machines."""
        return {
            "clips": self.clips,
            "films": self.films,
            "replaced": self.replaced,
            "withheld": self.withheld,
            "drafts": self.drafts,
            "retired": self.retired,
            "deliverables": self.deliverables,
            "unrendered": dict(sorted(self.unrendered.items())),
        }
