"""Comparing a product's picture with frames, simply and honestly: mean colour, and where light and dark lie.

No model is called and no word is read. What it cannot see it calls not visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelmill.simulator.encoding import read_square

__all__ = ["compare"]

_SIDE = 32
_COLOUR_OK, _COLOUR_DOUBTFUL = 30.0, 70.0  # distance of mean colours, in levels of YUV
_SHAPE_OK, _SHAPE_DOUBTFUL = 0.6, 0.25  # correlation of brightness
_FLAT = 2.0  # levels: a picture without any light and dark has no shape

Plane = NDArray[np.float64]


def compare(picture: bytes, frames: Sequence[bytes]) -> dict[str, Any] | None:
    """Grade and reason of what can be compared; None if something is no picture."""
    squares = [read_square(data, _SIDE) for data in (picture, *frames)]
    known = [square.astype(np.float64) for square in squares if square is not None]
    if len(known) != len(squares) or not frames:
        return None
    real, seen = known[0], known[1:]
    distance = min(float(np.linalg.norm(real.mean(axis=(1, 2)) - each.mean(axis=(1, 2)))) for each in seen)
    likeness = max(_correlation(real[0], each[0]) for each in seen)
    return {
        "colour": _graded(-distance, -_COLOUR_OK, -_COLOUR_DOUBTFUL, f"Mean colours are {distance:.0f} levels apart."),
        "shape": _graded(likeness, _SHAPE_OK, _SHAPE_DOUBTFUL, f"Brightness correlates to {likeness:.2f}."),
    }


def _correlation(one: Plane, other: Plane) -> float:
    if one.std() < _FLAT or other.std() < _FLAT:
        return 1.0 if one.std() < _FLAT and other.std() < _FLAT else 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _graded(value: float, fine: float, doubtful: float, reason: str) -> dict[str, str]:
    grade = "ok" if value >= fine else "doubtful" if value >= doubtful else "wrong"
    return {"grade": grade, "reason": reason}
