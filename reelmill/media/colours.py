"""Colours as video has them: BT.709, studio range (brightness 16 to 235, differences around 128)."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

__all__ = ["matrix_of", "rgb_of", "to_yuv", "yuv_of"]

_UNTOLD = 2  # AVCOL_SPC_UNSPECIFIED


def rgb_of(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of a colour like ``#14181c``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def yuv_of(colour: str) -> tuple[int, int, int]:
    """Brightness, blue and red difference of a colour like ``#14181c``."""
    y, u, v = (int(plane[0, 0].round()) for plane in to_yuv(np.array([[rgb_of(colour)]], np.float32)))
    return y, u, v


def matrix_of(frame: VideoFrame) -> int:
    """What turns the frame's colours into red, green and blue, as scalers name it: BT.709 where it does not say.

    FFmpeg itself would take BT.601 then, as for films of standard definition.
    """
    return Colorspace.ITU709 if frame.colorspace == _UNTOLD else frame.colorspace


def to_yuv(rgb: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Brightness, blue and red difference of a picture (height x width x 3, 0 to 255), all of its size."""
    red, green, blue = (rgb[..., at].astype(np.float32) / 255 for at in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748
