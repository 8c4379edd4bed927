"""Pictures on their way into one coded file: framed, dressed, encoded; a failure costs this file only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from av.video.frame import VideoFrame

from reelmill.media.coded import read_coded
from reelmill.media.dress import Dress, Frame
from reelmill.media.encoder import PictureEncoder, Rate
from reelmill.media.follow import Point
from reelmill.media.framing import Framing
from reelmill.media.overlay import Overlay
from reelmill.media.planes import copied, planes_of
from reelmill.media.probe import UNREADABLE, opened, video_stream
from reelmill.platforms import CropPosition, Fit

__all__ = ["FAILURES", "Look", "PictureMaker"]

FAILURES = (*UNREADABLE, OSError)
"""What can go wrong with one output, and must not cost the others."""

_MIDDLE: Point = (0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Look:
    """What pictures shall look like; platforms that ask for the same share one coded file."""

    width: int
    height: int
    fit: Fit = Fit.CROP
    crop: CropPosition = CropPosition.CENTRE

    def follows(self, width: int, height: int) -> bool:
        """Whether a crop of pictures of that size depends on what they show."""
        cropped = self.fit is Fit.CROP and not Framing(self.width, self.height, self.fit).is_whole(width, height)
        return cropped and self.crop is CropPosition.FOLLOW

    def kept(self, width: int, height: int) -> float:
        """The share of pictures of that size that is kept."""
        ratio = width * self.height / (height * self.width)
        return min(ratio, 1 / ratio) if self.fit is Fit.CROP else 1.0


@dataclass(slots=True)
class PictureMaker:
    """Takes frames from ``start_s`` up to ``end_s`` (seconds) and makes the file at ``path``.

    ``floor_kbps`` is the least mean rate that its platforms take: pictures that come out easier are coded again, at an
    even rate above it. ``failure`` is what went wrong, if something did: then nothing more is done, and the file is of
    no use.
    """

    look: Look
    path: Path
    rate: Rate
    fps: Fraction
    duration_s: float
    dress: Dress = field(default_factory=Dress)
    frame: Frame | None = None
    start_s: float = 0.0
    end_s: float = float("inf")
    floor_kbps: int = 0
    failure: Exception | None = None
    _framing: Framing = field(init=False)
    _encoder: PictureEncoder = field(init=False)
    _overlays: list[Overlay] | None = None

    def __post_init__(self) -> None:
        ground = self.dress.finish.box_colour
        self._framing = Framing(self.look.width, self.look.height, self.look.fit, ground)
        self._encoder = PictureEncoder(self.path, self.rate, fps=self.fps)

    def take(self, frame: VideoFrame, at_s: float, centre: Point) -> None:
        """The next frame, which stays as it is."""
        if self.failure is not None or not self.start_s <= at_s < self.end_s:
            return
        try:
            followed = self.look.crop is CropPosition.FOLLOW
            picture = self._framing.framed(frame, centre if followed else _MIDDLE)
            if picture is frame:
                picture = copied(frame)
            planes = planes_of(picture)
            for overlay in self._laid_over():
                overlay.lay_on(planes, at_s)
            self._encoder.encode(picture, at_s - self.start_s)
        except FAILURES as error:
            self._fail(error)

    def close(self) -> None:
        """No more frames."""
        if self.failure is None:
            try:
                self._encoder.close()
                if self.floor_kbps and read_coded(self.path).video_kbps < self.floor_kbps:
                    self._encode_evenly()
            except FAILURES as error:
                self._fail(error)

    def _encode_evenly(self) -> None:
        """From the file itself: the frames are gone, and of pictures so easy the first coding took nothing."""
        easy = self.path.rename(self.path.with_suffix(".easy.mp4"))
        self._encoder = PictureEncoder(self.path, replace(self.rate, floor_kbps=self.floor_kbps), fps=self.fps)
        with opened(easy) as container:
            video = video_stream(container, every_pixel=True)
            for frame in container.decode(video) if video is not None else ():
                self._encoder.encode(frame, frame.time or 0.0)
        self._encoder.close()
        easy.unlink()

    def _laid_over(self) -> list[Overlay]:
        if self._overlays is None:
            self._overlays = self.dress.overlays(self.frame, self.duration_s) if self.frame else []
        return self._overlays

    def _fail(self, error: Exception) -> None:
        self.failure = error
        try:
            self._encoder.abandon()
        except FAILURES:  # the first failure is the one that is told
            return
