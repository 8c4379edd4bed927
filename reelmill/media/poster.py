"""Choose a good frame of a video, and write it as a JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Colorspace

from reelmill.media.colours import matrix_of
from reelmill.media.luma import rows_of

__all__ = ["PosterChoice", "to_jpeg"]

_EVERY = 2  # of the frames that qualify: neighbours look alike
_EARLIEST, _LATEST = 0.2, 0.7  # shares of the video where it shows its product best
_QUALITY = 3  # JPEG quantiser, 2 (best) to 31


@dataclass(slots=True)
class PosterChoice:
    """Keeps the best frame so far: not black, from the middle of the video, the sharpest of those."""

    duration_s: float
    frame: VideoFrame | None = None
    _merit: tuple[bool, bool, float] = (False, False, -1.0)
    _seen: int = -1

    def offer(self, frame: VideoFrame, at_s: float, *, black: bool) -> None:
        """Consider the next frame of the video."""
        if frame.pict_type == PictureType.B:
            return  # those are not deblocked
        self._seen += 1
        if self._seen % _EVERY and self.frame is not None:
            return
        inside = _EARLIEST * self.duration_s <= at_s <= _LATEST * self.duration_s
        if (not black, inside) < self._merit[:2]:
            return
        merit = (not black, inside, _sharpness(frame))
        if merit > self._merit:
            self.frame, self._merit = frame, merit


def to_jpeg(frame: VideoFrame) -> bytes:
    """The frame in its own size as JPEG bytes."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = Fraction(1, 24)
    encoder.qmin = encoder.qmax = _QUALITY
    picture = frame.reformat(
        format="yuvj420p",
        src_colorspace=matrix_of(frame),
        dst_colorspace=Colorspace.ITU601,  # all that a JPEG can be in
        dst_color_range="JPEG",
    )
    picture.pts, picture.time_base = 0, encoder.time_base
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])


def _sharpness(frame: VideoFrame) -> float:
    """How much neighbouring pixels differ, in levels; a blurred or empty picture has little."""
    rows = rows_of(frame, every=4)
    return float(np.abs(np.diff(rows, axis=1)).mean()) if rows.shape[1] > 1 else 0.0
