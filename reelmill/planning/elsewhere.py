"""Clips of a plan that belong to another output than the chosen one: delivered, in flight or stuck there."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from reelmill.ledger.records import Standing
from reelmill.ledger.states import State

__all__ = ["Elsewhere"]

_KEPT, _IN_FLIGHT, _STUCK = "kept", "in_flight", "stuck"


@dataclass(slots=True)
class Elsewhere:
    """Counts by output root and by how the clips stand there."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, standing: Standing) -> None:
        """Count a clip that is not made because of how it stands under another output."""
        if standing.state is State.RELEASED:  # nothing of it is anywhere
            return
        kind = _IN_FLIGHT if standing.state.open else _KEPT if standing.state.delivered else _STUCK
        self.counts.setdefault(standing.output, Counter())[kind] += 1

    def warnings(self, chosen: str) -> list[str]:
        """A sentence for each output and kind, with what to do."""
        said = []
        for output, kinds in sorted(self.counts.items()):
            there = f"--output {shlex.quote(output)}"
            if number := kinds[_KEPT]:
                verb = "kept clip lies" if number == 1 else "kept clips lie"
                said.append(
                    f"{number} {verb} under {output}, not under {chosen}: use {there}, or --force to pay "
                    "for new ones here."
                )
            if number := kinds[_IN_FLIGHT]:
                verb = "kept clip is" if number == 1 else "kept clips are"
                said.append(f"{number} {verb} in flight under {output}: reelmill settle {there} looks.")
            if number := kinds[_STUCK]:
                verb = "blocked clip is" if number == 1 else "blocked clips are"
                said.append(f"{number} {verb} stuck under {output}: see reelmill status {there}.")
        return said

    def to_dict(self) -> dict[str, Any]:
        """The counts for machines."""
        return {output: dict(sorted(kinds.items())) for output, kinds in sorted(self.counts.items())}
