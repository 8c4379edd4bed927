"""Find the stretches of a video in which something stays true: it is black, or nothing moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Luma", "Stretch", "Stretches", "darkest_of_picture", "is_black", "is_still"]

Luma = NDArray[np.int16]

_DARK = 38  # a tenth of studio range above its black (16), as FFmpeg's blackdetect has it
_DARK_FULL_RANGE = 26
_BLACK_SHARE = 0.98
_BRIGHT = 60  # the shade of a matt black thing in light
_SHOWN_SHARE = 0.002  # of the picture, bright and in one piece: a ring on black velvet is that small
_MOVED_LEVELS = 16  # less is what an encoder does while it refines a still picture (measured: up to 15)
_STILL_SHARE = 0.0005  # of the sampled pixels may have moved: a ring turning on white moves more
_STILL_MEAN = 0.5
_SETTLING_SHARE = 0.02
_SETTLING_MEAN = 3.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``start_s`` to ``end_s``, in seconds."""

    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


@dataclass(slots=True)
class Stretches:
    """Collects stretches from one yes or no per frame."""

    found: list[Stretch] = field(default_factory=list)
    _since: float | None = None

    def add(self, *, start_s: float, end_s: float, holds: bool) -> None:
        """Tell about the next piece of the video."""
        if not holds:
            self._since = None
            return
        if self._since is None:
            self._since = start_s
        else:
            self.found.pop()
        self.found.append(Stretch(self._since, end_s))

    def lasting(self, seconds: float) -> list[Stretch]:
        """Those that last at least so long."""
        return [stretch for stretch in self.found if stretch.seconds >= seconds]

    def total_s(self, at_least_s: float = 0.0) -> float:
        """How long those that last at least so long are together."""
        return sum(stretch.seconds for stretch in self.lasting(at_least_s))


def darkest_of_picture(*, full_range: bool) -> int:
    """The level up to which a pixel is as good as black."""
    return _DARK_FULL_RANGE if full_range else _DARK


def is_black(luma: Luma, *, full_range: bool) -> bool:
    """Whether practically every pixel is as good as black, and nothing small and bright is shown."""
    dark = luma <= darkest_of_picture(full_range=full_range)
    return bool(np.count_nonzero(dark) >= _BLACK_SHARE * luma.size) and not _shows(luma)


def _shows(luma: Luma) -> bool:
    """Whether bright points lie together, four in a square: sparks and noise lie apart."""
    bright = luma > _BRIGHT
    together = bright[1:, 1:] & bright[1:, :-1] & bright[:-1, 1:] & bright[:-1, :-1]
    return bool(np.count_nonzero(together) >= _SHOWN_SHARE * luma.size)


def is_still(luma: Luma, before: Luma, *, settling: bool) -> bool:
    """Whether nothing moved between two pictures, but for what an encoder does to a still one.

    ``settling`` is for a key frame and the few after it: the picture is coded anew and refined, and may differ
    from the one before all over, though little.
    """
    if luma.shape != before.shape:
        return False
    share, mean = (_SETTLING_SHARE, _SETTLING_MEAN) if settling else (_STILL_SHARE, _STILL_MEAN)
    moved: NDArray[Any] = np.abs(luma - before)
    return bool(np.count_nonzero(moved > _MOVED_LEVELS) <= share * luma.size and moved.mean() < mean)
