"""What a video must be to be what was paid for."""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.clip import Mode, Resolution, VideoRequest
from reelmill.platforms import NativeRatio

__all__ = ["Expectation"]

_LANDSCAPE = {Resolution.P720: (1280, 720), Resolution.P1080: (1920, 1080), Resolution.K4: (3840, 2160)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Seconds, pixels, frames a second and sound that were asked for.

    ``longer_is_fine`` is for an extension: Veo returns the given video and the new seconds as one
    (Veo 3.1 guide, 2026), and the paid seconds are only its end.
    """

    duration_s: float
    width: int
    height: int
    audio: bool
    fps: float = 24.0  # every Veo 3.1 model (model cards, July 2026)
    longer_is_fine: bool = False

    @classmethod
    def of(cls, request: VideoRequest) -> Expectation:
        """What the request asks for."""
        width, height = _LANDSCAPE[request.resolution]
        if request.aspect_ratio is NativeRatio.PORTRAIT:
            width, height = height, width
        return cls(
            duration_s=request.duration_s,
            width=width,
            height=height,
            audio=request.audio,
            longer_is_fine=request.mode is Mode.EXTENSION,
        )
