"""The planes of a YUV 4:2:0 picture as arrays that share its memory."""

from __future__ import annotations

from typing import cast

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

__all__ = ["Plane", "copied", "new_picture", "planes_of"]

Plane = NDArray[np.uint8]


def planes_of(frame: VideoFrame) -> list[Plane]:
    """Brightness, blue and red difference. Writing to them writes to the frame: only to one of our own."""
    found = []
    for plane in frame.planes:
        memory = cast("bytearray", plane)  # a plane gives its memory away, which its type stub does not say
        lines = np.frombuffer(memory, np.uint8)[: plane.line_size * plane.height]
        found.append(lines.reshape(plane.height, plane.line_size)[:, : plane.width])
    return found


def new_picture(width: int, height: int, like: VideoFrame) -> VideoFrame:
    """A picture of our own, its content undefined, with the colours' meaning of another."""
    frame = VideoFrame(width, height, "yuv420p")
    frame.colorspace, frame.color_range = like.colorspace, like.color_range
    frame.color_primaries, frame.color_trc = like.color_primaries, like.color_trc
    return frame


def copied(frame: VideoFrame) -> VideoFrame:
    """A copy of our own of a YUV 4:2:0 picture."""
    copy = new_picture(frame.width, frame.height, frame)
    for target, source in zip(planes_of(copy), planes_of(frame), strict=True):
        target[:] = source
    return copy
