"""How like its product a video looks: the product's colours, looked for in frames spread over the video."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np
from av.video.frame import VideoFrame

from reelmill.media.colours import matrix_of
from reelmill.media.product_picture import ProductPicture, Rgb

__all__ = ["Likeness", "LikenessWatch"]

_LOOKS = 8  # a second apart in the longest clip
_SHORT_SIDE = 135  # pixels


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like the product's picture it is: 0 is not at all, 1 entirely. ``looks`` are seconds and what was seen there.

    ``score`` is that of the middle one: a product may turn away for a while.
    """

    looks: tuple[tuple[float, float], ...]

    @property
    def score(self) -> float:
        """The median of what was seen."""
        return round(float(np.median([share for _, share in self.looks])), 3)

    def lost_at(self, least: float) -> float | None:
        """The second from which on nothing more reaches ``least``; None if the last look does."""
        last = max((at for at, (_, share) in enumerate(self.looks) if share >= least), default=-1)
        return self.looks[last + 1][0] if last + 1 < len(self.looks) else None

    def to_dict(self) -> dict[str, object]:
        """As plain JSON values, for the inspection record."""
        return {"score": self.score, "looks": [list(look) for look in self.looks]}


@dataclass(slots=True)
class LikenessWatch:
    """Looks at a few frames on their way and compares them with the product's picture."""

    product: ProductPicture
    duration_s: float
    _looks: list[tuple[float, float]] = field(default_factory=list)

    def see(self, frame: VideoFrame, at_s: float) -> None:
        """Consider the frame shown at ``at_s``."""
        if len(self._looks) < _LOOKS and at_s >= (len(self._looks) + 0.5) * self.duration_s / _LOOKS:
            self._looks.append((round(at_s, 3), round(self.product.found_in(_small(frame)), 3)))

    def likeness(self) -> Likeness | None:
        """What was seen; None if nothing was."""
        return Likeness(tuple(self._looks)) if self._looks else None


def _small(frame: VideoFrame) -> Rgb:
    scale = min(1.0, _SHORT_SIDE / min(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    picture = frame.reformat(width=width, height=height, format="rgb24", src_colorspace=matrix_of(frame))
    return cast("Rgb", picture.to_ndarray())
