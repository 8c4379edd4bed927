"""Encode pictures as H.264 that every platform takes, into a file of pictures alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

__all__ = ["CEILING_KBPS", "CRF", "PRESET", "PictureEncoder", "Rate"]

PRESET: Final = "veryfast"  # medium takes twice the time for a tenth fewer bits
CRF: Final = 20  # of x264: what platforms encode again must not show the first encoding
CEILING_KBPS: Final = 12_000  # at 1080 x 1920 and in proportion; half again what YouTube recommends
_FULL_HD = 1080 * 1920
_EASY = 1.3  # how far above a floor easy pictures are aimed, for a rate that x264 meets in the mean only
_TIGHT_BUFFER_S = 0.5  # how far ahead of its rate x264 may be where a mean must be kept
_GROUP_S = 2.0  # between key frames: players seek to them
_BT_709, _UNTOLD = 1, 2  # of matrix, primaries and transfer alike
_TICKS = 90_000  # a second: every frame rate in use divides it closely enough


@dataclass(frozen=True, slots=True)
class Rate:
    """How many bits to spend: as a quality asks for, up to a ceiling.

    ``floor_kbps`` is for pictures so easy that a quality would ask for less: they get an even rate above it.
    ``most_kbps`` (0: no bound) is the most that a platform takes in the mean over a film of ``seconds``.
    """

    crf: int = CRF
    ceiling_kbps: int = CEILING_KBPS
    floor_kbps: int = 0
    most_kbps: int = 0
    seconds: float = 8.0

    def options(self, width: int, height: int) -> dict[str, str]:
        """As x264 takes them, for pictures of this size."""
        aim = round(_EASY * self.floor_kbps)
        most = aim or max(500, self.ceiling_kbps * width * height // _FULL_HD)
        buffer_s = 1.0 if aim else 2.0
        if self.most_kbps:
            # A film may begin with a full buffer, so that is a part of what it has in all.
            kept = int(self.most_kbps * self.seconds / (self.seconds + _TIGHT_BUFFER_S))
            most, buffer_s = min(most, max(1, kept)), _TIGHT_BUFFER_S
        quality = {"b": f"{most}k"} if aim else {"crf": str(self.crf)}
        return {**quality, "maxrate": f"{most}k", "bufsize": f"{round(buffer_s * most)}k"}


class PictureEncoder:
    """Writes pictures of one size to ``path``. Raises what PyAV raises; :meth:`close` makes the file whole."""

    def __init__(self, path: Path, rate: Rate, *, fps: Fraction) -> None:
        self.path = path
        self._rate, self._fps = rate, fps
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._last = -1

    def encode(self, frame: VideoFrame, at_s: float) -> None:
        """Add a picture that is shown at ``at_s`` seconds. It is changed: it must be one of our own, or unused."""
        if self._stream is None:
            self._stream = self._open(frame)
        self._last = max(self._last + 1, round(at_s * _TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
        frame.pict_type = 0  # the source's key frames mean nothing here
        assert self._container is not None
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is still to be written. Raises ValueError if there was no picture."""
        if self._stream is None or self._container is None:
            raise ValueError("no picture was encoded")
        self._container.mux(self._stream.encode())
        self._container.close()

    def abandon(self) -> None:
        """Give it up; what lies at the path is of no use."""
        if self._container is not None:
            self._container.close()

    def _open(self, frame: VideoFrame) -> VideoStream:
        container = av.open(str(self.path), "w", format="mp4")
        self._container = container
        options = {"preset": PRESET, "profile": "high", "threads": "1", **self._rate.options(frame.width, frame.height)}
        stream = container.add_stream("libx264", rate=self._fps, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = Fraction(1, _TICKS)
        context.gop_size = max(1, round(_GROUP_S * float(self._fps)))
        context.colorspace, context.color_range = _or_bt709(frame.colorspace), frame.color_range
        context.color_primaries, context.color_trc = _or_bt709(frame.color_primaries), _or_bt709(frame.color_trc)
        return stream


def _or_bt709(told: int) -> int:
    """What a film's colours mean; where it does not say, what HD is in: players guess by the size, which changes."""
    return _BT_709 if told == _UNTOLD else told
