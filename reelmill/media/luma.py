"""The brightness of a decoded frame as numbers, without copying or scaling the picture."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from reelmill.media.stretches import Luma

__all__ = ["is_full_range", "rows_of", "sampled"]

_GRID = 90  # samples along the shorter side
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_LUMA_FIRST = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray", "gray8"}
)


def is_full_range(frame: VideoFrame) -> bool:
    """Whether black is 0 rather than 16."""
    return frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")


def sampled(frame: VideoFrame) -> Luma:
    """A regular sample of the brightness, about 160 x 90 values however large the picture is."""
    step = max(1, min(frame.width, frame.height) // _GRID)
    return _plane(frame)[step // 2 :: step, step // 2 :: step].astype(np.int16)


def rows_of(frame: VideoFrame, *, every: int) -> Luma:
    """Every n-th row of the picture in full."""
    return _plane(frame)[::every].astype(np.int16)


def _plane(frame: VideoFrame) -> NDArray[np.uint8]:
    eight_bit = frame if frame.format.name in _LUMA_FIRST else frame.reformat(format="gray")
    plane = eight_bit.planes[0]
    values = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * plane.height]
    return values.reshape(plane.height, plane.line_size)[:, : plane.width]
