"""How clips are finished: for which platforms, in which dress, and what follows from a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reelmill.clip import Clip
from reelmill.finish import Finish
from reelmill.platforms import Platform

if TYPE_CHECKING:  # they bring FFmpeg, which a plan has no use for
    from reelmill.media.dress import Dress
    from reelmill.media.policy import Policy

__all__ = ["Finishing"]


@dataclass(frozen=True, slots=True)
class Finishing:
    """The platforms that are known, the brand's finish, and the folder that its files are named relative to."""

    platforms: Mapping[str, Platform] = field(default_factory=dict)
    finish: Finish = field(default_factory=Finish)
    folder: Path = field(default_factory=Path)

    def policy(self) -> Policy:
        """What follows from a finding. The codes were checked when the brand was opened."""
        from reelmill.media.findings import FindingCode
        from reelmill.media.policy import Policy

        return Policy({FindingCode(code): follows for code, follows in self.finish.findings.items()})

    def dress(self, clip: Clip) -> Dress:
        """What the clip's renditions wear."""
        from reelmill.media.dress import Dress, fill_caption

        words = {
            "title": clip.title,
            "brand": clip.brand,
            "sku": clip.sku,
            "campaign": clip.campaign,
            "price": clip.price,
            "sale_price": clip.sale_price,
            "current_price": clip.sale_price or clip.price,
        }
        return Dress(self.finish, self.folder, fill_caption(self.finish.caption, words))
