"""Bring a picture to another ratio and size: crop, pad, or lay it on a blurred copy of itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from reelmill.media.colours import yuv_of
from reelmill.media.luma import is_full_range
from reelmill.media.planes import Plane, new_picture, planes_of
from reelmill.platforms import Fit

__all__ = ["Framing"]

_BLUR_SIDE = 24  # pixels of the shorter side of the copy that is blurred: about an eightieth of the delivered one
_BLUR_DARKER = 0.6  # what is around must not compete with the picture
_MIDDLE = 0.5
_KEEPS = 0.01  # a ratio that differs by less is the same: a few lines are cut rather than bars added


@dataclass(slots=True)
class Framing:
    """Makes pictures of ``width`` x ``height`` pixels (even). Keeps FFmpeg's scalers for the next picture."""

    width: int
    height: int
    fit: Fit
    background: str = "#000000"
    _scaler: VideoReformatter = field(default_factory=VideoReformatter)
    _shrinker: VideoReformatter = field(default_factory=VideoReformatter)
    _grower: VideoReformatter = field(default_factory=VideoReformatter)

    def is_whole(self, width: int, height: int) -> bool:
        """Whether a picture of this size keeps all of itself when it is cropped."""
        return abs(math.log(width * self.height / (height * self.width))) < _KEEPS

    def framed(self, frame: VideoFrame, centre: tuple[float, float]) -> VideoFrame:
        """The picture in the delivered size. ``centre`` (shares of width and height) is where a crop should lie.

        What comes back may be the frame itself, if it fits as it is.
        """
        if self.fit is Fit.CROP or self.is_whole(frame.width, frame.height):
            return self._cropped(frame, centre)
        if self.fit is Fit.PAD:
            ground = new_picture(self.width, self.height, frame)
            for plane, level in zip(planes_of(ground), yuv_of(self.background), strict=True):
                plane[:] = level
        else:
            ground = self._blurred(frame)
        return self._laid_on(ground, frame)

    def _cropped(self, frame: VideoFrame, centre: tuple[float, float]) -> VideoFrame:
        scale = max(self.width / frame.width, self.height / frame.height)
        width, height = _even_up(frame.width * scale), _even_up(frame.height * scale)
        scaled = self._scaled(self._scaler, frame, max(width, self.width), max(height, self.height))
        if (scaled.width, scaled.height) == (self.width, self.height):
            return scaled
        left = _start(centre[0], scaled.width, self.width)
        top = _start(centre[1], scaled.height, self.height)
        window = new_picture(self.width, self.height, scaled)
        for target, source in zip(planes_of(window), planes_of(scaled), strict=True):
            half = 1 if target.shape[1] == self.width else 2
            rows, columns = target.shape
            target[:] = source[top // half : top // half + rows, left // half : left // half + columns]
        return window

    def _laid_on(self, ground: VideoFrame, frame: VideoFrame) -> VideoFrame:
        scale = min(self.width / frame.width, self.height / frame.height)
        width = min(self.width, _even_up(frame.width * scale))
        height = min(self.height, _even_up(frame.height * scale))
        scaled = self._scaled(self._scaler, frame, width, height)
        left, top = (self.width - width) // 4 * 2, (self.height - height) // 4 * 2
        for target, source in zip(planes_of(ground), planes_of(scaled), strict=True):
            half = 1 if target.shape[1] == self.width else 2
            rows, columns = source.shape
            target[top // half : top // half + rows, left // half : left // half + columns] = source
        return ground

    def _blurred(self, frame: VideoFrame) -> VideoFrame:
        """A small copy that covers the frame, smoothed and made large again: a wide blur for little work."""
        scale = _BLUR_SIDE / min(self.width, self.height)
        width, height = _even_up(self.width * scale), _even_up(self.height * scale)
        cover = max(width / frame.width, height / frame.height)
        small = self._shrinker.reformat(
            frame,
            max(width, _even_up(frame.width * cover)),
            max(height, _even_up(frame.height * cover)),
            "yuv420p",
            interpolation=Interpolation.AREA,
            **_studio_range(frame),
        )
        page = new_picture(width, height, small)
        dark = yuv_of("#000000")
        for target, source, level in zip(planes_of(page), planes_of(small), dark, strict=True):
            rows, columns = target.shape
            top, left = (source.shape[0] - rows) // 2, (source.shape[1] - columns) // 2
            target[:] = _dimmed(_smooth(source[top : top + rows, left : left + columns]), level)
        return self._scaled(self._grower, page, self.width, self.height)

    @staticmethod
    def _scaled(scaler: VideoReformatter, frame: VideoFrame, width: int, height: int) -> VideoFrame:
        return scaler.reformat(
            frame, width, height, "yuv420p", interpolation=Interpolation.BICUBIC, **_studio_range(frame)
        )


def _studio_range(frame: VideoFrame) -> dict[str, ColorRange]:
    """Platforms expect black at 16; a picture that has it at 0 is converted."""
    if not is_full_range(frame):
        return {}
    return {"src_color_range": ColorRange.JPEG, "dst_color_range": ColorRange.MPEG}


def _even_up(length: float) -> int:
    return max(2, math.ceil(round(length, 3) / 2) * 2)


def _start(centre: float, whole: int, part: int) -> int:
    """Where a part lies whose middle should be at ``centre``, without leaving the whole.

    In the middle it lies at an even place, where colours fit exactly; a moving one may be half a pixel off in colour,
    so that it moves by single pixels.
    """
    if centre == _MIDDLE:
        return (whole - part) // 4 * 2
    return round(min(max(centre * whole - part / 2, 0), whole - part))


def _smooth(plane: Plane) -> Plane:
    """Each point the weighted mean of its neighbours, twice over."""
    values: NDArray[Any] = plane.astype(np.float32)
    for axis in (0, 1, 0, 1):
        wide = np.pad(values, [(1, 1) if at == axis else (0, 0) for at in (0, 1)], mode="edge")
        before, after = (wide[:-2], wide[2:]) if axis == 0 else (wide[:, :-2], wide[:, 2:])
        values = (before + 2 * values + after) / 4
    return values.round().astype(np.uint8)


def _dimmed(plane: Plane, dark: int) -> Plane:
    return (dark + (plane.astype(np.float32) - dark) * _BLUR_DARKER).round().astype(np.uint8)
