"""On which terms videos are handed over: who lets them through, and whether one may go as Veo made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reelmill.delivery.deliverable import Gate
from reelmill.finish import Finish
from reelmill.platforms import Platform

__all__ = ["Terms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for everything that is handed over.

    ``looks`` says whether videos are looked at at all, ``renders`` whether files are made for platforms. In a
    ``rehearsal`` rehearsed videos are handed over, else bought ones, and never one among the others. ``split`` says
    that items of a group are products of their own.
    """

    platforms: Mapping[str, Platform]
    gate: Gate
    finish: Finish = field(default_factory=Finish)
    looks: bool = True
    renders: bool = True
    rehearsal: bool = False
    split: bool = False

    @property
    def raw(self) -> bool:
        """Whether a video may go as it came: nothing is made of it, and nothing would be added to it.

        Else it would go without the brand's disclosure, caption, music or level of sound.
        """
        return not self.renders and not self.finish.adds
