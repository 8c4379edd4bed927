"""Find black bars: edges of the picture that stay black while what is between them does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelmill.media.stretches import Luma, darkest_of_picture
from reelmill.media.thresholds import BAR_EDGE_SHARE, BAR_FLICKER_LEVELS, BAR_LEAST_SHARE

__all__ = ["Bars", "BarsSeen"]


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares of the picture that bars take on each side."""

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0

    @property
    def words(self) -> str:
        """Where they are and how much they take; empty if there are none."""
        pairs = (("above and below", self.top + self.bottom), ("left and right", self.left + self.right))
        return " and ".join(f"{where} ({share:.0%} of the picture)" for where, share in pairs if share)


@dataclass(slots=True)
class BarsSeen:
    """Collects the lightest and darkest that every sampled point has been."""

    _lightest: Luma | None = None
    _darkest: Luma | None = None
    _dark: int = 0

    def see(self, luma: Luma, *, full_range: bool) -> None:
        """Add the next picture, sampled."""
        self._dark = darkest_of_picture(full_range=full_range)
        if self._lightest is None or self._darkest is None or self._lightest.shape != luma.shape:
            self._lightest, self._darkest = luma.copy(), luma.copy()
            return
        np.maximum(self._lightest, luma, out=self._lightest)
        np.minimum(self._darkest, luma, out=self._darkest)

    def found(self) -> Bars:
        """The bars of the pictures so far, as exact as the sample: about a hundredth of the picture."""
        if self._lightest is None or self._darkest is None:
            return Bars()
        bar = (self._lightest <= self._dark) & (self._lightest - self._darkest <= BAR_FLICKER_LEVELS)
        shown = self._lightest > self._dark
        top, bottom = _pair(np.all(bar, axis=1), shown.mean(axis=1))
        left, right = _pair(np.all(bar, axis=0), shown.mean(axis=0))
        return Bars(top, bottom, left, right)


def _pair(bar: NDArray[Any], shown: NDArray[Any]) -> tuple[float, float]:
    """The shares of two bars at the ends of a line of bar or not; none unless both are bars."""
    first, last = _run(bar, shown), _run(bar[::-1], shown[::-1])
    return (first, last) if min(first, last) >= BAR_LEAST_SHARE else (0.0, 0.0)


def _run(bar: NDArray[Any], shown: NDArray[Any]) -> float:
    count = int(np.argmin(bar)) if not bar.all() else 0
    # The sampled line next to a bar may lie on its soft edge.
    beside = shown[count : count + 2]
    return count / bar.size if count and beside.max() >= BAR_EDGE_SHARE else 0.0
