"""A few frames of a video, kept small from the one decode, evenly over its length."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from av.video.frame import VideoFrame

from reelmill.media.findings import VideoFacts
from reelmill.media.frames import Seen
from reelmill.media.inspect import Outputs
from reelmill.media.poster import to_jpeg
from reelmill.media.probe import UNREADABLE
from reelmill.media.stretches import Luma

__all__ = ["LONGEST_SIDE", "SampledFrames"]

LONGEST_SIDE = 768
"""Pixels; a label that can be read on a phone can be read at this size."""


@dataclass(slots=True)
class SampledFrames:
    """Keeps ``count`` frames as JPEGs, and hands every frame on to ``inner``, what else is made of the video."""

    count: int
    inner: Outputs | None = None
    jpegs: list[bytes] = field(default_factory=list)
    _step_s: float = 0.0
    _taken: int = 0

    def begin(self, facts: VideoFacts) -> None:
        """Its headers promise this length."""
        self._step_s = facts.duration_s / self.count
        if self.inner is not None:
            self.inner.begin(facts)

    def take(self, frame: VideoFrame, at_s: float, luma: Luma) -> None:
        """Keep the frame if the middle of the next part has come."""
        if self._taken < self.count and at_s >= (self._taken + 0.5) * self._step_s:
            self._taken += 1
            with contextlib.suppress(*UNREADABLE):  # one frame fewer
                self.jpegs.append(to_jpeg(_small(frame)))
        if self.inner is not None:
            self.inner.take(frame, at_s, luma)

    def end(self, seen: Seen) -> None:
        """All of it was seen."""
        if self.inner is not None:
            self.inner.end(seen)


def _small(frame: VideoFrame) -> VideoFrame:
    share = min(1.0, LONGEST_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * share / 2) * 2) for side in (frame.width, frame.height))
    return frame.reformat(width=width, height=height)
