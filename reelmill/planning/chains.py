"""Chains of scenes in a plan: which can only be made after another one, and which cannot be made at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from reelmill.clip import Clip
from reelmill.planning.actions import Action, Decision

__all__ = ["Chains"]


@dataclass(slots=True)
class Chains:
    """The scenes of one product, told one by one in the order of its film."""

    _links: dict[str, int] = field(default_factory=dict)
    _blocked: set[str] = field(default_factory=set)

    def link(self, clip: Clip) -> int:
        """How many scenes of its chain come before a clip; 0 for one that continues none."""
        return self._links.get(clip.clip_id, 0)

    def decided(self, clip: Clip, decision: Decision) -> Decision:
        """The decision about the next clip: one that continues what is blocked is blocked, too."""
        before = clip.request.continues
        if before is not None:
            self._links[clip.clip_id] = self._links.get(before, 0) + 1
            if decision.action is Action.MAKE and before in self._blocked:
                decision = Decision(Action.BLOCKED, f"scene {clip.scene!r} continues one that is blocked")
        if decision.action is Action.BLOCKED:
            self._blocked.add(clip.clip_id)
        return decision
