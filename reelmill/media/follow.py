"""Where to look: a calm path of the middle of what stands out, for crops that follow it.

What stands out is what is sharp and what moves. From picture to picture its middle jitters, so the path stays where
it is until the middle leaves a small zone, and is then smoothed over the pictures before and after: it neither
trembles nor lags behind. The same video always gives the same path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelmill.media.stretches import Luma

__all__ = ["LOOKAHEAD", "Follower", "Point"]

Point = tuple[float, float]
"""Shares of width and height, 0.5 is the middle."""

LOOKAHEAD = 12  # pictures: half a second at 24 a second
_SIGMA = 5.0  # pictures, of the smoothing
_ZONE = 0.04  # of the side: a person does not notice a crop that is off by less
_MOTION_COUNTS = 3.0  # times what sharpness counts: a moving thing draws the eye from a patterned ground
_BUSY_SHARE = 0.7  # of the points are ground: what stands out is above this quantile
_THING = 16  # of these make up a side: the reach around a point that belongs to the same thing
_EDGE_COUNTS = 0.6  # of the middle: what stands at the very edge is rarely the subject
_CUT_LEVELS = 40.0  # mean change of brightness between two pictures of different shots
_NOTHING = 1e-6


@dataclass(slots=True)
class Follower:
    """Takes sampled pictures and gives the path, ``LOOKAHEAD`` pictures late."""

    _before: Luma | None = None
    _path: list[Point] = field(default_factory=list)
    _shot: list[int] = field(default_factory=list)

    def see(self, luma: Luma) -> None:
        """Add the next picture."""
        before = self._before if self._before is not None and self._before.shape == luma.shape else None
        change = np.abs(luma - before) if before is not None else None
        cut = change is not None and float(change.mean()) > _CUT_LEVELS
        middle = _middle(luma, None if cut else change)
        if not self._path or cut:
            self._path.append(middle or (0.5, 0.5))
        else:
            last = self._path[-1]
            wanted = middle or last
            self._path.append((_lazily(last[0], wanted[0]), _lazily(last[1], wanted[1])))
        self._shot.append((self._shot[-1] if self._shot else 0) + cut)
        self._before = luma

    def at(self, number: int) -> Point:
        """Where to look in a picture (0 is the first), from what was seen of those around it."""
        first = max(0, number - LOOKAHEAD)
        near = slice(first, number + LOOKAHEAD + 1)
        weights = np.exp(-0.5 * ((np.arange(first, first + len(self._path[near])) - number) / _SIGMA) ** 2)
        weights[np.array(self._shot[near]) != self._shot[number]] = 0  # never glide from one shot to the next
        x, y = (np.array(self._path[near]) * weights[:, None]).sum(axis=0) / weights.sum()
        return float(x), float(y)


def _lazily(now: float, wanted: float) -> float:
    off = wanted - now
    return now + math.copysign(max(0.0, abs(off) - _ZONE), off)


def _middle(luma: Luma, change: NDArray[Any] | None) -> Point | None:
    """The middle of what stands out; None if nothing does."""
    picture = luma.astype(np.float32)
    energy: NDArray[Any] = np.zeros_like(picture)
    energy[:, 1:] += np.abs(np.diff(picture, axis=1))
    energy[1:] += np.abs(np.diff(picture, axis=0))
    if change is not None:
        energy += _MOTION_COUNTS * change
    energy = _spread(energy)
    energy = np.maximum(0, energy - np.quantile(energy, _BUSY_SHARE)) ** 3
    height, width = energy.shape
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    energy *= _central(across)[None, :] * _central(down)[:, None]
    total = float(energy.sum())
    if total < _NOTHING * energy.size:
        return None
    return float(energy.sum(axis=0) @ across) / total, float(energy.sum(axis=1) @ down) / total


def _spread(energy: NDArray[Any]) -> NDArray[Any]:
    """The mean around each point: a thing has energy all over, a patterned ground and noise here and there."""
    for axis in (0, 1):
        reach = max(1, energy.shape[axis] // _THING)
        wide = np.pad(energy, [(reach + 1, reach) if at == axis else (0, 0) for at in (0, 1)], mode="edge")
        total = np.cumsum(wide, axis=axis)
        span = 2 * reach + 1
        energy = (total[span:] - total[:-span]) if axis == 0 else (total[:, span:] - total[:, :-span])
    return energy


def _central(place: NDArray[Any]) -> NDArray[Any]:
    weight: NDArray[Any] = 1 - (1 - _EDGE_COUNTS) * (2 * place - 1) ** 2
    return weight
