"""A clip's outcome as a row of a table artifact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reelmill.cli.printing import money
from reelmill.production.results import ClipResult
from tasks.wording import plain

__all__ = ["Kept", "clip_row"]

_MOST = 200


def clip_row(result: ClipResult) -> dict[str, str]:
    """What a person wants to know of a clip at a glance; what a feed says as text, for cells are shown as Markdown."""
    return {
        "SKU": plain(result.sku),
        "Ratio": result.aspect_ratio,
        "State": result.state.value,
        "Inspection": result.inspection,
        "Cost": money(result.charged_usd),
        "Video": " ".join(result.video_uris),
        "Detail": plain(result.detail),
    }


@dataclass(slots=True)
class Kept:
    """A bounded number of results to show, those that need attention first. The tables hold all."""

    attention: list[ClipResult] = field(default_factory=list)
    fine: list[ClipResult] = field(default_factory=list)

    def add(self, result: ClipResult) -> None:
        """Keep a result as long as there is room."""
        kept = self.attention if result.needs_attention else self.fine
        if len(kept) < _MOST:
            kept.append(result)

    def merge(self, other: Kept) -> None:
        """Keep what another one kept, as long as there is room."""
        for result in [*other.attention, *other.fine]:
            self.add(result)

    def rows(self) -> Iterable[dict[str, str]]:
        """The rows to show."""
        return [clip_row(result) for result in [*self.attention, *self.fine][:_MOST]]
