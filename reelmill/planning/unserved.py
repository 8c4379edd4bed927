"""What a plan says about platforms that kept clips were not made for: their files are made once, as a clip settles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from reelmill.clip import Clip
from reelmill.ledger.records import Standing

__all__ = ["Unserved"]


@dataclass(slots=True)
class Unserved:
    """Counts kept clips by platform that gets no file of them, with the first SKU of each as an example."""

    counts: Counter[str] = field(default_factory=Counter)
    _skus: dict[str, str] = field(default_factory=dict)

    def kept(self, clip: Clip, standing: Standing) -> None:
        """Count a clip that is there, or under way, for other platforms than are asked for; no draft goes to any."""
        if standing.draft or not standing.platforms:
            return
        for platform in clip.platforms:
            if platform not in standing.platforms:
                self.counts[platform] += 1
                self._skus.setdefault(platform, clip.sku)

    def warnings(self) -> list[str]:
        """A sentence for each platform, with what to do."""
        return [
            f"{number:,} kept {'clip has' if number == 1 else 'clips have'} no file for {platform}, the first for "
            f"{self._skus[platform]}: files are made for the platforms that a clip was ordered for. "
            "`reelmill run --only SKU --force` pays for new ones."
            for platform, number in sorted(self.counts.items())
        ]
